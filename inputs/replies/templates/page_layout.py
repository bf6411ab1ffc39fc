"""The blank workbook of a return, drawn from its layout read backwards: pages on which everything lies where the layout
looks for it, and every cell knows what may be typed there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Literal

from inputs.grammar import Source, TableLayout, ValueColumn, plain, same, sources_of
from inputs.headings import JOIN
from inputs.replies.templates.allowed_entries import (
    Answer,
    Choice,
    Depending,
    Number,
    Occasion,
    Options,
    Plain,
    Quotient,
    Words,
    area_words,
    factor_of,
    indicators_of,
    meaning,
    measure_answer,
    options,
    part_words,
    row_test_words,
)
from inputs.replies.templates.pattern_words import spellings
from inputs.replies.templates.sheet_names import (
    THINGS,
    Said,
    all_things,
    cannot,
    file_name,
    group_title,
    heading_texts,
    once,
    possible,
    sheets_of,
    things,
)
from schemas.definitions import Indicator
from schemas.findings import COLUMNS, position
from schemas.periods import read_period
from schemas.tables import MEASURES

STATUS_NOTE = (
    "p provisional, r revised, e estimated. Where there is no figure, leave it blank and say why here: c confidential, "
    "x not available, z not applicable, low rounds to nought."
)
KEYS_TITLE = "What the figure is about"
FREE_ROWS = 25
"""Rows under those filled in beforehand, for further areas and periods."""
MOST_ROWS = 400
Style = Literal["title", "line", "heading", "given", "input", "spare"]
Where = tuple[int, int]
"""A row and a column, counted from 0."""


@dataclass(frozen=True)
class Box:
    """One cell: what stands in it, what may be typed there (None: nothing, it is locked), and a note on it. A `spare`
    one is filled in only if there is something to say."""

    style: Style
    text: str | None = None
    answer: Answer | None = None
    note: str = ""


@dataclass(frozen=True)
class Page:
    """One sheet. `asked` are the rows that wait for figures, `free` those that may stay blank; `merged` as Sheet's."""

    name: str
    boxes: Mapping[Where, Box]
    merged: tuple[tuple[int, int, int, int], ...]
    heading_rows: tuple[int, int]
    asked: tuple[int, ...]
    free: tuple[int, ...]


@dataclass(frozen=True)
class Template:
    """A blank workbook: its pages, and the name of the file by which it is known too."""

    occasion: Occasion
    pages: tuple[Page, ...]
    file_name: str

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """Every indicator that it can be about, in the order of its sheets."""
        tables = self.occasion.layout.says.table
        return tuple({i.id: i for table in tables for i in possible(table, self.occasion)}.values())


def draw(occasion: Occasion) -> Template:
    """Draw the template of a layout. Raises UsageFault where the layout cannot be answered by a workbook of ours."""
    pages: list[Page] = []
    given: set[tuple[str, ...]] = set()
    for table in occasion.layout.says.table:
        for name, said in sheets_of(table, occasion):
            if any(plain(page.name) == plain(name) for page in pages):
                raise cannot(occasion, f"two of its tables lie on one sheet ({name})")
            pages.append(_Drawing(table, name, said, occasion, given).page())
    return Template(occasion, tuple(pages), file_name(occasion))


# -- one page ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Key:
    """A column that says what a row is about: its heading, and what may stand in it."""

    label: str
    thing: str
    source: Source | None = None
    first: bool = True


@dataclass(frozen=True)
class _Figure:
    """A column for figures: its headings from top to bottom, what they say, and what it is about."""

    spec: ValueColumn
    parts: tuple[str, ...]
    said: Said
    indicators: tuple[Indicator, ...]
    about: tuple[object, ...]


@dataclass
class _Row:
    """A row to fill in: the words given beforehand by column, and the indicator where one is known."""

    given: dict[int, str]
    indicator: Indicator | None
    word: str | None = None
    banners: tuple[str, ...] = ()
    said: dict[int, str] = field(default_factory=dict)


class _Drawing:
    """The drawing of one table on one sheet."""

    def __init__(
        self, table: TableLayout, name: str, said: Said, occasion: Occasion, given: set[tuple[str, ...]]
    ) -> None:
        self.table, self.name, self.occasion, self.layout = table, name, occasion, occasion.layout
        self.said = {**said}
        self.taken = given
        self.possible = possible(table, occasion)
        self.boxes: dict[Where, Box] = {}
        self.merged: list[tuple[int, int, int, int]] = []
        self.depth = table.header.above + 1 + table.header.below
        self._say_in_cells()
        self.keys = self._keys()
        self.figures = self._figures()
        self.place = self._placed()
        self.rows = self._rows()

    def page(self) -> Page:
        top = self._lines_above()
        self._headings(top)
        asked, free = self._body(top + self.depth)
        rows = (top, top + self.depth - 1)
        return Page(self.name, self.boxes, tuple(self.merged), rows, tuple(asked), tuple(free))

    # what is said once for the whole sheet

    def _options(self, thing: str, source: Source, indicators: Sequence[Indicator]) -> Options:
        return options(thing, source, indicators, self.table, self.occasion)

    def _say_in_cells(self) -> None:
        """Cells with an address, such as the period in B3, are asked for where they stand."""
        for thing, source in all_things(self.table).values():
            if source.cell:
                found = self._options(thing, source, self.possible)
                if not found.every and not found.likely:
                    found = self._for_any(thing, source)
                row, column = divmod(position(source.cell) or 0, COLUMNS)
                words = once(found)
                self.said[id(source)] = words[0] if words else ""
                self.boxes[row, column] = Box("input", words[0] if words else None, found.choice, f"The {thing}.")
                if column and (row, column - 1) not in self.boxes:
                    self.boxes[row, column - 1] = Box("line", thing.capitalize())

    def _for_any(self, thing: str, source: Source) -> Options:
        """What may be said for at least one of the table's indicators, where no word suits them all."""
        each = [self._options(thing, source, [one]) for one in self.possible]
        likely = dict.fromkeys(word for one in each for word in one.likely)
        every = dict.fromkeys(word for one in each for word in one.every)
        return Options(tuple(likely)[:1], tuple(every), all(one.closed for one in each))

    # columns

    def _keys(self) -> list[_Key]:
        keys: list[_Key] = []
        for thing, source in all_things(self.table).values():
            keys += [_Key(label, thing, source, first=n == 0) for n, label in enumerate(source.column)]
            keys += [_Key(source.identifier, "identifier")] if source.identifier else []
        held = {plain(key.label) for key in keys} | {plain(spec.heading) for spec in self.table.value}
        for test in (*self.table.only, *self.table.skip):
            if test.column and plain(test.column) not in held:
                keys.append(_Key(test.column, "test"))
                held.add(plain(test.column))
        unique: dict[str, _Key] = {}
        for key in keys:
            unique.setdefault(plain(key.label), key)
        ordered = sorted(unique.values(), key=lambda key: _order(key.thing))
        find = same(self.table.header.find)
        return sorted(ordered, key=lambda key: same(key.label) != find)

    def _figures(self) -> list[_Figure]:
        return [figure for spec in self.table.value for figure in self._of_spec(spec)]

    def _of_spec(self, spec: ValueColumn) -> Iterator[_Figure]:
        """The columns that one value column of the layout stands for: one for each thing its heading can say."""
        mine = {**dict(things(self.table)), **dict(things(spec))}
        indicators = self._fixed_indicators(mine.get("indicator"))
        told = [(thing, source) for thing, source in mine.items() if source.header is not None]
        words = [once(self._options(thing, source, indicators)) for thing, source in told]
        for chosen in product(*words):
            said = {id(source): word for (_, source), word in zip(told, chosen, strict=True)}
            own = indicators
            for thing, source in told:
                if thing == "indicator":
                    own = (self.layout.definitions.indicators[meaning(source, said[id(source)])],)
            about = tuple((thing, source.const, said.get(id(source))) for thing, source in sorted(mine.items()))
            yield _Figure(spec, self._parts(spec, told, chosen, own), said, own, about)

    def _fixed_indicators(self, source: Source | None) -> tuple[Indicator, ...]:
        if source is None:
            return tuple(self.possible)
        if id(source) in self.said:
            return (self.layout.definitions.indicators[meaning(source, self.said[id(source)])],)
        return tuple(indicators_of(source, self.occasion).values())

    def _parts(
        self, spec: ValueColumn, told: Sequence[tuple[str, Source]], chosen: Sequence[str], own: Sequence[Indicator]
    ) -> tuple[str, ...]:
        """Headings, top to bottom, that the layout takes for this column and from which it reads what they must say."""
        bases = [spec.heading] if spec.heading else spellings(spec.match) if spec.match else []
        for base in bases:
            for text in heading_texts(base, told, chosen):
                parts = tuple(part.strip() for part in text.split(JOIN))
                if len(parts) > self.depth or not all(parts):
                    continue
                if self._reads(spec, parts, told, chosen):
                    above = (group_title(own), *parts)
                    grouped = len(above) <= self.depth and self._reads(spec, above, told, chosen)
                    return above if grouped else parts
        raise cannot(self.occasion, f"no heading was found for {spec.heading or (spec.match and spec.match.pattern)!r}")

    def _reads(
        self, spec: ValueColumn, parts: Sequence[str], told: Sequence[tuple[str, Source]], chosen: Sequence[str]
    ) -> bool:
        text = JOIN.join(dict.fromkeys(parts))
        if spec.match is not None and not spec.match.search(text):
            return False
        if (
            spec.heading
            and not spec.heading.startswith("[")
            and plain(spec.heading) not in (plain(text), plain(parts[-1]))
        ):
            return False
        for (_, source), word in zip(told, chosen, strict=True):
            match = source.header.search(text) if source.header else None
            found = "" if match is None else match[1] if source.header and source.header.groups else match[0]
            if meaning(source, found or "") != meaning(source, word):
                return False
        return True

    def _placed(self) -> list[tuple[_Key | _Figure, int]]:
        """Every column and its number, from 0: those that the layout calls by a letter there, the others around them.
        Keys come first, but for those that say how sure a figure is."""
        late = [key for key in self.keys if key.thing in ("provenance", "status")]
        columns: list[_Key | _Figure] = [*(key for key in self.keys if key not in late), *self.figures, *late]
        fixed = {number: one for one in columns if (number := _by_letter(one)) is not None}
        free = iter(n for n in range(COLUMNS) if n not in fixed)
        placed = [(one, number) for number, one in fixed.items()]
        placed += [(one, next(free)) for one in columns if one not in fixed.values()]
        return sorted(placed, key=lambda pair: pair[1])

    def _number_of(self, figure: _Figure, measure: str) -> int | None:
        """The column beside a figure that gives another measure of the same thing."""
        for one, number in self.place:
            if isinstance(one, _Figure) and one.spec.measure == measure and one.about == figure.about:
                return number
        return None

    # lines and headings

    def _lines_above(self) -> int:
        """Write the lines over the headings; the row at which the headings begin."""
        header = self.table.header
        lines = [self.layout.title, self._what_to_do(expected=bool(self.rows))]
        lowest = max((row for row, _ in self.boxes), default=-1)
        if header.row:
            top = header.row - 1 - header.above
            lines = lines[: max(top - 1, 0)]
        else:
            after = spellings(header.after)[:1] if header.after else []
            top = max(len(lines) + 1, lowest + 2) + (1 if after else 0)
            if after:
                self.boxes[top - 1, 0] = Box("line", after[0])
        for row, line in enumerate(lines):
            if (row, 0) not in self.boxes and not self._mistaken(line):
                self.boxes[row, 0] = Box("title" if row == 0 else "line", line)
        return top

    def _what_to_do(self, *, expected: bool) -> str:
        if not expected:
            period = f" for {self.occasion.expected}" if self.occasion.expected else ""
            return f"Nothing is expected on this sheet{period}. Use its rows if there is something to report."
        due = f", due {self.occasion.due:%-d %B %Y}" if self.occasion.due else ""
        period = f"Period expected: {self.occasion.expected}{due}. " if self.occasion.expected else ""
        return f"{period}Fill in the yellow cells. The pale rows under them are for anything more."

    def _mistaken(self, line: str) -> bool:
        """Whether the layout would take a line for something else."""
        header = self.table.header
        banners = [s.banner for scope in self.table.scopes for s in sources_of(scope)]
        patterns = [header.match, header.after, *banners]
        return same(line) == same(header.find) or any(p is not None and p.search(line) for p in patterns)

    def _headings(self, top: int) -> None:
        found_at = top + self.table.header.above
        seen = False
        for one, number in self.place:
            parts, note = self._heading(one)
            first = found_at if len(parts) == 1 else top + self.depth - len(parts)
            last_row = top + self.depth - 1
            for row, part in enumerate(parts, start=first):
                self.boxes[row, number] = Box("heading", part, note=note if row == first + len(parts) - 1 else "")
                seen = seen or (row == found_at and self._is_found(part))
            if first > top and isinstance(one, _Key) and len(parts) == 1:
                self.boxes[top, number] = Box("heading", KEYS_TITLE)
            if first + len(parts) - 1 < last_row:
                self.merged.append((first + len(parts) - 1, number, last_row, number))
        if not seen and not self.table.header.row:
            self._mark_headings(found_at)
        self._merge_alike(top, top + self.depth - 1)

    def _is_found(self, text: str) -> bool:
        header = self.table.header
        return bool(header.match.search(text)) if header.match else same(text) == same(header.find)

    def _mark_headings(self, row: int) -> None:
        """Put what the layout looks for into the row of the headings, where no column is headed so."""
        header = self.table.header
        text = header.find or next(iter(spellings(header.match) if header.match else []), "")
        lettered = next((n for one, n in self.place if _by_letter(one) is not None), None)
        number = lettered if lettered is not None else max(n for _, n in self.place) + 1
        self.boxes[row, number] = Box("heading", text)

    def _heading(self, one: _Key | _Figure) -> tuple[tuple[str, ...], str]:
        if isinstance(one, _Figure):
            text = "\n".join(describe(indicator) for indicator in one.indicators[:4])
            if one.spec.heading.startswith("["):
                return (one.indicators[0].title if one.indicators else one.spec.measure,), text
            return one.parts, text
        label = one.thing.capitalize() if one.label.startswith("[") else one.label
        return tuple(part.strip() for part in label.split(JOIN)), _key_note(one)

    def _merge_alike(self, top: int, last: int) -> None:
        """Merge equal headings that lie side by side in the upper rows."""
        for row in range(top, last):
            numbers = sorted(c for r, c in self.boxes if r == row and self.boxes[r, c].style == "heading")
            for group in _runs(numbers, lambda n, row=row: self.boxes[row, n].text):  # type: ignore[misc]
                below = any(m[0] == row and m[1] in group for m in self.merged)
                if len(group) > 1 and not below:
                    self.merged.append((row, group[0], row, group[-1]))
                    for number in group[1:]:
                        del self.boxes[row, number]

    # rows

    def _body(self, first: int) -> tuple[list[int], list[int]]:
        asked, number = [], first
        banners: tuple[str, ...] = ()
        for row in self.rows:
            for banner in row.banners if row.banners != banners else ():
                self.boxes[number, 0] = Box("line", banner)
                number += 1
            banners = row.banners
            self._write(number, row, free=False)
            asked.append(number)
            number += 1
        if not self._row_keys():
            return asked, []
        free = list(range(number, number + FREE_ROWS))
        self._write(number, _Row({}, None), free=True)
        for one in free[1:]:
            self.boxes |= {(one, column): box for (row, column), box in self.boxes.items() if row == number}
        return asked, free

    def _row_keys(self) -> list[tuple[str, Source]]:
        """What a row says itself, the indicator first."""
        return sorted(
            ((t, s) for t, s in all_things(self.table).values() if s.column), key=lambda pair: pair[0] != "indicator"
        )

    def _rows(self) -> list[_Row]:
        """The rows that are filled in beforehand: what is expected now, for the areas at home."""
        told = [(thing, s) for thing, s in all_things(self.table).values() if s.banner is not None]
        words = [once(self._options(thing, s, self.possible)) for thing, s in told]
        rows: list[_Row] = []
        for chosen in product(*words):
            said = {id(s): word for (_, s), word in zip(told, chosen, strict=True)}
            lines = tuple(
                next(iter(spellings(s.banner, word)), word)
                for (_, s), word in zip(told, chosen, strict=True)
                if s.banner
            )
            for row in self._keyed(said):
                row.banners = lines
                rows.append(row)
        return rows[:MOST_ROWS]

    def _keyed(self, said: dict[int, str]) -> Iterator[_Row]:
        keys = self._row_keys()
        named = [source for thing, source in keys if thing == "indicator"]
        by_word: list[tuple[str | None, Indicator | None]] = [(None, None)]
        if named:
            read = set(self._row_options("indicator", named[0], self.possible).every)
            by_word = [(w, i) for w, i in indicators_of(named[0], self.occasion).items() if w in read]
        others = [(thing, source) for thing, source in keys if thing not in ("indicator", "status")]
        for word, indicator in by_word:
            involved = [indicator] if indicator else self._involved(said)
            if not self._fits(involved, said):
                continue
            for chosen in self._combined(others, involved):
                typed = {id(source): w for (_, source), w in zip(others, chosen, strict=True)}
                typed |= {id(named[0]): word} if named and word else {}
                about = sorted(str(figure.about) for figure in self.figures)
                key = (*sorted(i.id for i in involved), *sorted({**self.said, **said}.values()), *chosen, *about)
                if key in self.taken:
                    continue
                self.taken.add(key)
                yield _Row(self._columns_of(typed), indicator, word, (), said)

    def _combined(
        self, others: Sequence[tuple[str, Source]], involved: Sequence[Indicator]
    ) -> Iterator[tuple[str, ...]]:
        """The words of rows to begin: every likely combination, and those that the return must hold."""
        usual = {
            id(source): self._row_options(thing, source, self._about(source, involved)).likely
            for thing, source in others
        }
        yield from product(*(usual[id(s)] or (() if thing == "period" else ("",)) for thing, s in others))
        for indicator in involved:
            for area, breakdown in self._required(indicator):
                choices = []
                for thing, source in others:
                    words = usual[id(source)]
                    if thing == "area" and area:
                        words = area_words(area, source, indicator, self.occasion)
                    elif thing not in THINGS and breakdown:
                        words = part_words(thing, breakdown, source, indicator)
                    choices.append(words)
                yield from product(*choices)

    def _required(self, indicator: Indicator) -> Iterator[tuple[str, str]]:
        """The areas, by code, and breakdowns that the return must hold of an indicator; "" for what it leaves open."""
        for one in self.layout.requires:
            if not one.indicators or indicator.id in one.indicators:
                yield from product(one.areas or ("",), one.breakdowns or ("",))

    def _involved(self, said: Said) -> list[Indicator]:
        """The indicators of a row that names none itself."""
        spoken = {i.id: i for figure in self.figures for i in figure.indicators}
        for thing, source in all_things(self.table).values():
            if thing == "indicator" and id(source) in said:
                one = self.layout.definitions.indicators[meaning(source, said[id(source)])]
                spoken = {one.id: one}
        return list(spoken.values())

    def _about(self, source: Source, involved: Sequence[Indicator]) -> Sequence[Indicator]:
        """The indicators that a source speaks for: those of the value columns that give it, where only some do."""
        mine = [f for f in self.figures if source in dict(things(f.spec)).values()]
        ids = {i.id for figure in mine for i in figure.indicators}
        return [i for i in involved if i.id in ids] if mine else involved

    def _fits(self, involved: Sequence[Indicator], said: Said) -> bool:
        """Whether the period that is said once for all rows is one of these indicators'."""
        for thing, source in all_things(self.table).values():
            word = {**self.said, **said}.get(id(source))
            if thing == "period" and word:
                periods = [
                    read_period(meaning(source, word), i.time_identifier, ending=source.ending) for i in involved
                ]
                if not all(periods):
                    return False
        return True

    def _columns_of(self, typed: Said) -> dict[int, str]:
        return {
            number: typed[id(one.source)]
            for one, number in self.place
            if isinstance(one, _Key) and one.first and id(one.source) in typed and typed[id(one.source)]
        }

    def _write(self, row: int, what: _Row, *, free: bool) -> None:
        """Put the boxes of one row: what is given, and what may be typed."""
        for one, number in self.place:
            text = what.given.get(number)
            if isinstance(one, _Figure):
                style: Style = "spare" if free or self._side_figure(one, what) else "input"
                self.boxes[row, number] = Box(style, None, self._figure_answer(one, what))
                continue
            if one.thing == "identifier" and not free and what.given:
                text = (what.indicator or self.possible[0]).time_identifier
            if one.thing == "test" and not free:
                text = next(iter(self._tested(one.label)), None)
            locked = not free and text is not None and one.thing not in ("area", "period", "provenance")
            answer = None if locked else self._key_answer(one, what, free=free)
            note = describe(what.indicator) if locked and one.thing == "indicator" and what.indicator else ""
            spare = free or (text is None and (not one.first or one.thing == "status"))
            self.boxes[row, number] = Box("given" if locked else "spare" if spare else "input", text, answer, note)

    def _side_figure(self, figure: _Figure, what: _Row) -> bool:
        """Whether a row is whole without a figure: words beside a number, or counts of what is no share or rate."""
        if figure.spec.measure == "value_text":
            return self._number_of(figure, "value") is not None
        about = [what.indicator] if what.indicator else list(figure.indicators)
        return figure.spec.measure in ("numerator", "denominator") and not any(i.numerator for i in about)

    def _key_answer(self, key: _Key, what: _Row, *, free: bool) -> Answer:
        if key.thing == "test":
            words = self._tested(key.label)
            return Choice(words, closed=False) if words else Words()
        if key.thing == "identifier":
            return Choice(tuple(dict.fromkeys(i.time_identifier for i in self.possible)))
        if key.source is None:
            return Words()
        source, thing = key.source, key.thing
        if thing in ("indicator", "provenance", "status"):
            found: Answer = self._row_options(thing, source, self.possible).choice
        elif what.indicator is not None or not free:
            involved = [what.indicator] if what.indicator else self._involved(what.said)
            found = self._row_options(thing, source, self._about(source, involved)).choice
        else:
            found = self._depending(
                lambda indicators: self._row_options(thing, source, self._about(source, indicators)).choice
            )
        return found if key.first else _opened(found)

    def _row_options(self, thing: str, source: Source, indicators: Sequence[Indicator]) -> Options:
        """What may be said of a thing in a row, without words for which the layout would leave the row out."""
        found = self._options(thing, source, indicators)
        label = source.column[0]
        first = isinstance(self.place[0][0], _Key) and plain(self.place[0][0].label) == plain(label)
        told = [t for t in (*self.table.only, *self.table.skip) if not t.of]
        mine = [t for t in told if plain(t.column) == plain(label) or (first and not t.column)]
        stops = self.table.stop if first else ()

        def read(word: str) -> bool:
            tests = all(bool(t.match.search(word)) is (t in self.table.only) for t in mine)
            return tests and not any(stop.search(word) for stop in stops)

        return Options(tuple(filter(read, found.likely)), tuple(filter(read, found.every)), found.closed)

    def _depending(self, answer_for: Callable[[Sequence[Indicator]], Plain]) -> Answer:
        """What may be typed in a row whose indicator is still to be chosen."""
        at = next((n for one, n in self.place if isinstance(one, _Key) and one.thing == "indicator"), None)
        named = [s for thing, s in self._row_keys() if thing == "indicator"]
        if at is None or not named:
            return answer_for(self._involved({}))
        by = tuple((word, answer_for([i])) for word, i in indicators_of(named[0], self.occasion).items())
        return by[0][1] if all(one == by[0][1] for _, one in by) else Depending(at, by)

    def _figure_answer(self, figure: _Figure, what: _Row) -> Answer:
        def answer_for(indicators: Sequence[Indicator]) -> Plain:
            return self._measured(figure, indicators[0])

        if what.indicator is not None:
            return answer_for([what.indicator])
        if any(isinstance(one, _Key) and one.thing == "indicator" for one, _ in self.place):
            return self._depending(answer_for)
        own = [i for i in self._involved(what.said) if i in figure.indicators] or list(figure.indicators)
        return answer_for(own)

    def _measured(self, figure: _Figure, indicator: Indicator) -> Plain:
        """The limits of a figure, with those that the figures beside it set."""
        answer = measure_answer(figure.spec, indicator, self.table, self.layout)
        if not isinstance(answer, Number):
            return answer
        beside = {name: self._number_of(figure, name) for name in MEASURES}
        low, high = None, None
        rounded = self._is_rounded(indicator)
        at_most_all = indicator.unit == "%" and indicator.bounds[1] <= 100 and not rounded
        if figure.spec.measure == "numerator" and at_most_all:
            high = beside["denominator"]
        elif figure.spec.measure == "denominator" and at_most_all:
            low = beside["numerator"]
        elif figure.spec.measure == "value_low" and not figure.spec.margin:
            high = beside["value_high"]
        elif figure.spec.measure == "value_high" and not figure.spec.margin:
            low = beside["value_low"]
        quotient = None
        if figure.spec.measure in ("value", "numerator", "denominator") and not rounded:
            quotient = self._quotient(beside, indicator)
        return replace(answer, at_most=high, at_least=low, quotient=quotient)

    def _is_rounded(self, indicator: Indicator) -> bool:
        """Whether counts are declared to be rounded, so that a cell cannot tell what agrees with them."""
        specs = (one.spec for one, _ in self.place if isinstance(one, _Figure))
        return bool(self.table.rounded_to or indicator.rounded_to or any(spec.rounded_to for spec in specs))

    def _quotient(self, beside: Mapping[str, int | None], indicator: Indicator) -> Quotient | None:
        value, top, under = beside["value"], beside["numerator"], beside["denominator"]
        if value is None or top is None or under is None or indicator.per is None:
            return None
        scale = next(o.spec.scale for o, n in self.place if n == value and isinstance(o, _Figure))
        return Quotient(value, top, under, indicator.per, factor_of(scale), indicator.decimals)

    def _tested(self, label: str) -> tuple[str, ...]:
        only = [test for test in self.table.only if plain(test.column) == plain(label)]
        return row_test_words(only) if only else ()


def _opened(answer: Answer) -> Answer:
    """The same choice, as a suggestion only."""
    if isinstance(answer, Depending):
        by = tuple((word, replace(one, closed=False) if isinstance(one, Choice) else one) for word, one in answer.by)
        return Depending(answer.on, by)
    return replace(answer, closed=False) if isinstance(answer, Choice) else answer


def _order(thing: str) -> int:
    """Where a thing stands among the columns of a row."""
    order = ("indicator", "test", "area", "period", "identifier")
    return order.index(thing) if thing in order else len(order)


def _by_letter(one: _Key | _Figure) -> int | None:
    """The number of a column that the layout calls by its letter, as [C]."""
    label = one.label if isinstance(one, _Key) else one.spec.heading
    where = position(f"{label.strip('[]')}1") if re.fullmatch(r"\[[A-Z]{1,3}\]", label.strip()) else None
    return None if where is None else where % COLUMNS


def _runs(numbers: Sequence[int], alike: Callable[[int], object]) -> Iterator[list[int]]:
    """Neighbouring numbers that are alike, together."""
    run: list[int] = []
    for number in numbers:
        if run and (number != run[-1] + 1 or alike(number) != alike(run[-1])):
            yield run
            run = []
        run.append(number)
    if run:
        yield run


def describe(indicator: Indicator) -> str:
    """An indicator's definition in words."""
    says = [f"{indicator.title}: {indicator.definition}"]
    if indicator.numerator and indicator.denominator:
        says.append(f"{indicator.numerator.capitalize()}, out of {indicator.denominator}.")
    low, high = indicator.range
    if indicator.kind == "number":
        says.append(f"In {indicator.unit}, from {low:,.10g} to {high:,.10g}.")
    if indicator.caution:
        says.append(indicator.caution)
    return " ".join(says)


def _key_note(key: _Key) -> str:
    if key.thing == "area":
        return "The full name of an area, or its code."
    if key.thing == "status":
        return STATUS_NOTE
    notes = {
        "indicator": "Which figure the row gives.",
        "period": "The period that the figure is for.",
        "provenance": "reported, or illustrative where a figure is invented.",
        "identifier": "The kind of period.",
    }
    return notes.get(key.thing, f"Which part: {key.thing}." if key.source is not None else "")
