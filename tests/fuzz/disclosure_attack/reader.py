"""A reader of published rows: what they say of numbers of people, in digits, as shares, in ranges, words and limits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from local_indicators.schemas.definitions.models import Definitions
from tests.fuzz.disclosure_attack.forms import WORDS
from tests.fuzz.disclosure_attack.notes import EXACT, INF, Bound, Measure, Notes, Sum, half_unit
from tests.fuzz.disclosure_attack.partnerships import Partnership
from tests.fuzz.disclosure_attack.people import Key, Meaning, State

OF_KEY = "indicator_id, definition_version, area_code, time_identifier, time_period, breakdown"
MEASURES = ("value", "value_low", "value_high", "value_text", "numerator", "denominator", "lower_ci", "upper_ci",
            "conf_status")  # fmt: skip
TOLD = ", ".join(MEASURES)
Z = 1.959963984540054


class Reader:
    """Reads what one partnership publishes, row by row, and notes what follows of each figure."""

    def __init__(self, made: Partnership) -> None:
        self.meanings: Mapping[str, Meaning] = {k: v for family in made.families for k, v in family.meanings.items()}
        self.decimals = {name: meaning.decimals for name, meaning in self.meanings.items()}
        for family in made.families:
            for link in family.links:
                self.decimals.setdefault(link.indicator, family.meanings[link.level].decimals)
        self.notes = Notes(made.in_digits)
        self.base: Mapping[str, float] = {}
        self.worked_out: set[State] = set()
        """Shares of rounded counts, which say nothing more than those."""

    def under(self, known: Definitions) -> None:
        """Read what follows as published under some definitions, whose policies say what counts are rounded to."""
        self.base = {n: float(known.disclosure[known.indicators[n].disclosure].round_base) for n in self.decimals}

    def rows(self, rows: Iterable[tuple[Any, ...]], where: str) -> dict[Key, State]:
        """Note what rows of OF_KEY, submission and TOLD say; the figure of each key."""
        held: dict[Key, State] = {}
        for row in rows:
            key: Key = row[:6]
            if key[0] in self.decimals:
                held[key] = (key, row[6])
                self.row(held[key], where, **dict(zip(MEASURES, row[7:], strict=True)))
        return held

    def row(self, state: State, where: str, **told: Any) -> None:
        """Note what a row says by its measures, of which any may be left out."""
        meaning, base = self.meanings.get(state[0][0]), self.base[state[0][0]]
        low, high, numerator, denominator = (told.get(n) for n in MEASURES[1:3] + MEASURES[4:6])
        if base > 1 and numerator is not None and denominator is not None:
            self.worked_out.add(state)
        if told.get("value") is not None:
            self.value(state, told["value"], where)
        if low is not None or high is not None:
            off = base / 2 if meaning and meaning.is_count else 0.0
            ends = (low - off if low is not None else 0.0), (high + off if high is not None else INF)
            self._bound(state, "counted" if meaning and meaning.is_count else "value", *ends, f"{where}, range")
        if told.get("value_text") is not None:
            self._words(state, str(told["value_text"]), where)
        if numerator is not None:
            self._bound(state, "counted", numerator - base / 2, numerator + base / 2, where)
        if denominator is not None:
            self._bound(state, "among", denominator - base / 2, denominator + base / 2, where)
        if told.get("value") is None and told.get("lower_ci") is not None and meaning and not meaning.is_count:
            self._limits(state, told["lower_ci"] / meaning.per, told["upper_ci"] / meaning.per, where)
        if told.get("conf_status") == "c" and told.get("value") is None:
            self.notes.hidden.add(state)

    def value(self, state: State, value: float, where: str) -> None:
        """Note a value: of a count the number itself, of a share something that was printed to so many decimals."""
        meaning, base = self.meanings.get(state[0][0]), self.base[state[0][0]]
        if meaning and meaning.is_count:
            self._bound(state, "counted", value - base / 2, value + base / 2, where)
        elif state not in self.worked_out:
            off = half_unit(value, self.decimals[state[0][0]])
            self._bound(state, "value", value - off, value + off, where)
            if meaning:
                self._bound(state, "among", 1, INF, where)

    def add(self, terms: tuple[tuple[State, float], ...], told: float, where: str) -> None:
        """Note what the values of figures, each times something, add up to, as they are printed."""
        off = EXACT
        for state, times in terms:
            meaning, base = self.meanings.get(state[0][0]), self.base[state[0][0]]
            printed = half_unit(0.0, self.decimals[state[0][0]]) + base * 100  # shares of rounded counts are far off
            off += abs(times) * (base / 2 if meaning and meaning.is_count else printed)
        self.notes.sums.append(Sum(terms, told - off, told + off, where))

    def _bound(self, state: State, measure: Measure, low: float, high: float, where: str) -> None:
        self.notes.bounds.append(Bound(state, measure, low, high, where))

    def _words(self, state: State, text: str, where: str) -> None:
        numbers = [
            WORDS.index(word) if word in WORDS else int(word)
            for word in re.findall(r"[a-z]+|\d+", text.lower())
            if word in WORDS or word.isdigit()
        ]
        measures: tuple[Measure, ...] = ("counted", "among")
        for measure, number in zip(measures, numbers, strict=False):
            self._bound(state, measure, number, number, f"{where}, in words")

    def _limits(self, state: State, lower: float, upper: float, where: str) -> None:
        """Wilson's limits give the share and its base back."""
        if lower <= 0 or upper >= 1:
            return
        ratio = (lower * (1 - lower) / (upper * (1 - upper))) ** 0.5
        share = (lower + ratio * upper) / (1 + ratio)
        among = round(Z**2 * lower * (1 - lower) / (share - lower) ** 2)
        self._bound(state, "among", among, among, f"{where}, limits")
        self._bound(state, "counted", round(share * among), round(share * among), f"{where}, limits")
