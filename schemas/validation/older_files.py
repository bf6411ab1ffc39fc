"""What a file's name and date say of its standing: whether it may be an older one than that whose figures are held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemas.file_names import says_doubtful, says_old, version_of
from schemas.file_precedence import Dated
from schemas.findings import Finding, as_typed, finding
from schemas.observations import Held


def check_file(path: str, usual: Sequence[str], when: Dated | None, held: Sequence[Held]) -> Iterator[Finding]:
    """The findings on a file at a path, last changed `when`. `usual` are the names that its return has, `held` the
    files that count until now for the periods of which it speaks."""
    held = [one for one in held if one.path.partition("/")[0] == path.partition("/")[0]]  # another's file is not named
    others = [one for one in held if one.path != path]
    plain = next((one for one in others if not says_doubtful(one.path, usual)), None)
    name = as_typed(path.partition("/")[2] or path)
    if (word := says_old(path, usual)) and plain is not None:
        expected = f"a file whose name does not say so; {as_typed(plain.path)} is held for {plain.period}"
        yield finding("return.old-by-name", field="file", found=f"{name}, which says {word!r}", expected=expected)
        return
    if word := says_doubtful(path, usual):
        beside = f"; it takes the place of {as_typed(plain.path)}" if plain is not None else ""
        expected = f"a file whose name does not ask whether it counts{beside}"
        yield finding("return.doubtful-name", field="file", found=f"{name}, which says {word!r}", expected=expected)
    if older := _older(path, when, held):
        yield older


def _older(path: str, when: Dated | None, held: Sequence[Held]) -> Finding | None:
    """The finding that a file was changed, or by its version made, before one that is held. Only dates of one kind are
    compared: what the two say themselves, or what the inbox said of the two."""
    mine = version_of(path)
    for one in held:
        its = version_of(one.path)
        lower = mine is not None and its is not None and mine[0] == its[0] and mine[1] < its[1]
        before = when is not None and one.at is not None and when.own == one.own and when.at < one.at
        if lower or before:
            date = Dated(one.at, one.own) if one.at is not None else "an unknown day"
            return finding(
                "return.older-than-held",
                field="file",
                found=f"changed on {when}" if before else f"{as_typed(path.partition('/')[2] or path)}",
                expected=f"what was changed after {as_typed(one.path)}, held for {one.period} and changed on {date}"
                if before
                else f"a higher version than {as_typed(one.path)}, which is held for {one.period}",
            )
    return None
