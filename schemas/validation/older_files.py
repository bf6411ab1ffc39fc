"""What a file's name and date say of its standing: whether it may be an older one than that whose figures are held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from local_indicators.common.safe_text import as_typed
from local_indicators.schemas.file_names import split_version, words_meaning_draft_or_copy, words_meaning_old
from local_indicators.schemas.file_precedence import ModificationTime
from local_indicators.schemas.findings import Finding, make_finding
from local_indicators.schemas.observations import CurrentFile


def check_for_older_file(
    path: str, usual: Sequence[str], when: ModificationTime | None, current_files: Sequence[CurrentFile]
) -> Iterator[Finding]:
    """The findings on a file at a path, last changed `when`. `usual` are the names that its return has, `held` the
    files that count until now for the periods of which it speaks."""
    current_files = [
        one for one in current_files if one.path.partition("/")[0] == path.partition("/")[0]
    ]  # another's file is not named
    others = [one for one in current_files if one.path != path]
    plain = next((other for other in others if not words_meaning_draft_or_copy(other.path, usual)), None)
    name = as_typed(path.partition("/")[2] or path)
    if (word := words_meaning_old(path, usual)) and plain is not None:
        expected = f"a file whose name does not say so; {as_typed(plain.path)} is held for {plain.period}"
        yield make_finding("return.old-by-name", field="file", found=f"{name}, which says {word!r}", expected=expected)
        return
    if word := words_meaning_draft_or_copy(path, usual):
        beside = f"; it takes the place of {as_typed(plain.path)}" if plain is not None else ""
        expected = f"a file whose name does not ask whether it counts{beside}"
        yield make_finding(
            "return.doubtful-name", field="file", found=f"{name}, which says {word!r}", expected=expected
        )
    if older := _older(path, when, current_files):
        yield older


def _older(path: str, when: ModificationTime | None, current_files: Sequence[CurrentFile]) -> Finding | None:
    """The finding that a file was changed, or by its version made, before one that is held. Only dates of one kind are
    compared: what the two say themselves, or what the inbox said of the two."""
    mine = split_version(path)
    for one in current_files:
        its = split_version(one.path)
        lower = mine is not None and its is not None and mine[0] == its[0] and mine[1] < its[1]
        before = when is not None and one.at is not None and when.own == one.own and when.at < one.at
        if lower or before:
            date = ModificationTime(one.at, one.own) if one.at is not None else "an unknown day"
            return make_finding(
                "return.older-than-held",
                field="file",
                found=f"changed on {when}" if before else f"{as_typed(path.partition('/')[2] or path)}",
                expected=f"what was changed after {as_typed(one.path)}, held for {one.period} and changed on {date}"
                if before
                else f"a higher version than {as_typed(one.path)}, which is held for {one.period}",
            )
    return None
