"""Which spans of time make up which: months a quarter, quarters a year, and what lies between windows that overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import date
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)
Span = tuple[date, date]


def window_pieces(windows: Mapping[Name, Span]) -> list[frozenset[Name]]:
    """What windows (first and last day of each) are made of: each piece as the windows that hold it. A number of things
    that happen once each is, for a window, the sum of those of its pieces."""
    ends = sorted({day for first, last in windows.values() for day in (first.toordinal(), last.toordinal() + 1)})
    found = {
        frozenset(name for name, (first, last) in windows.items() if first.toordinal() <= day <= last.toordinal())
        for day in ends[:-1]
    }
    return sorted((piece for piece in found if piece), key=lambda piece: sorted(map(str, piece)))


def group_overlapping_windows(windows: Mapping[Name, Span]) -> list[dict[Name, Span]]:
    """The windows in groups of those that overlap, each with another of its group; windows alone are left out."""
    groups: list[dict[Name, Span]] = []
    last = date.min
    for name, (first, end) in sorted(windows.items(), key=lambda item: (item[1], str(item[0]))):
        if not groups or first > last:
            groups.append({})
            last = end
        groups[-1][name] = (first, end)
        last = max(last, end)
    return [group for group in groups if len(group) > 1]


def window_chains(windows: Mapping[Name, Span]) -> Iterable[tuple[Name, list[Name], bool]]:
    """Each window with shorter ones that lie in it: end to end from its first day, the longest up to its last, the
    longest of those between, and as many as there are that do not overlap; and whether they are the whole of it."""
    for whole, (first, last) in windows.items():
        inside = {
            n: s for n, s in windows.items() if n != whole and s != (first, last) and first <= s[0] <= s[1] <= last
        }
        forward = _chain(inside, first, last)
        done = bool(forward) and inside[forward[-1]][1] == last
        if forward:
            yield whole, forward, done
        if done:
            continue
        largest = [
            [n] for n, s in inside.items() if not any(o != s and o[0] <= s[0] and s[1] <= o[1] for o in inside.values())
        ]
        for names in [*largest, _apart(inside)]:
            if names and names != forward:
                yield whole, names, False


def identical_windows(windows: Mapping[Name, Span]) -> Iterable[Sequence[Name]]:
    """Windows that are the very same days under different names."""
    by_span: dict[Span, list[Name]] = defaultdict(list)
    for name, span in windows.items():
        by_span[span].append(name)
    return [names for names in by_span.values() if len(names) > 1]


def _chain(inside: Mapping[Name, Span], first: date, last: date) -> list[Name]:
    names: list[Name] = []
    at = first.toordinal()
    while at <= last.toordinal():
        begins = [name for name, span in inside.items() if span[0].toordinal() == at]
        if not begins:
            break
        longest = max(begins, key=lambda name: (inside[name][1], str(name)))
        names.append(longest)
        at = inside[longest][1].toordinal() + 1
    return names


def _apart(inside: Mapping[Name, Span]) -> list[Name]:
    """Windows that do not overlap, the longest of those that begin first."""
    names: list[Name] = []
    last = date.min
    for name, (first, end) in sorted(inside.items(), key=lambda one: (one[1][0], -one[1][1].toordinal(), str(one[0]))):
        if first > last:
            names.append(name)
            last = end
    return names if len(names) > 1 else []
