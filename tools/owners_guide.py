"""Writes the rules into the data owners' guide, from the one list that the checks use: `make docs`."""

from __future__ import annotations

from pathlib import Path

from local_indicators.common.errors import StorageError
from local_indicators.schemas.rules import GROUPS, RULES, Rule

HOME = Path(__file__).resolve().parents[1]

GUIDE = Path("docs") / "data-owners.md"
BEGIN, END = "<!-- The rules below are written by `make docs`. -->", "<!-- Here the rules end. -->"


def with_rules(text: str) -> str:
    """Return the guide's text with the rules between its two marks written anew. Raises StorageError without them."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise StorageError(GUIDE, f"must hold the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{rules_in_words()}\n{END}{after}"


def rules_in_words() -> str:
    """Return every rule as Markdown, in the groups and the order of the list."""
    lines: list[str] = []
    for prefix, title in GROUPS.items():
        lines += [f"### {title}", ""]
        for rule in RULES.values():
            if rule.id.split(".")[0] in prefix:
                lines += _in_words(rule)
    return "\n".join(lines)


def _in_words(rule: Rule) -> list[str]:
    return [
        f"#### `{rule.id}`",
        "",
        f"- What is wrong: {rule.says}",
        f"- What to do: {rule.fix}",
        f"- Example: {rule.example}",
        f"- How strict: {rule.strictness}",
        "",
    ]


def main() -> None:
    """Write the guide again."""
    path = HOME / GUIDE
    path.write_text(with_rules(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
