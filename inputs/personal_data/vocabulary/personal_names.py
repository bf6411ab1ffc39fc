"""How much a text looks like the name of a person."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

from local_indicators.inputs.personal_data.vocabulary.name_lexicon import (
    BODIES,
    DOUBTFUL,
    FAMILY,
    GIVEN,
    OTHER,
    fold_word,
)


class NameLikelihood(IntEnum):
    """From no name to one that can hardly be anything else."""

    NONE = 0
    SHAPED = 1
    """Words with capitals that nobody knows: a name if what stands around it says so."""
    PART = 2
    """A given name alone or with an initial, or initials with a family name or with points."""
    FULL = 3
    """Two names, of which one is known."""
    SURE = 4
    """A known given and a known family name, in either order."""


LONGEST = 60
_PUBLIC = frozenset(
    (
        "dr",
        "cllr",
        "councillor",
        "rev",
        "revd",
        "prof",
        "professor",
        "sir",
        "dame",
        "lord",
        "lady",
        "judge",
        "st",
        "saint",
        "pc",
        "di",
        "ds",
        "king",
        "queen",
        "pope",
        "mp",
        "president",
    )
)
"""Titles of people who are named for their office, and of saints after whom places are called."""
_TITLES = frozenset(("mr", "mrs", "ms", "miss", "master", "mstr", "mx"))
_PARTICLES = frozenset(
    (
        "de",
        "da",
        "del",
        "della",
        "di",
        "dos",
        "das",
        "du",
        "van",
        "von",
        "der",
        "den",
        "el",
        "al",
        "bin",
        "bint",
        "ibn",
        "ap",
        "ab",
        "le",
        "la",
        "ul",
        "ur",
        "ud",
        "o",
        "abu",
        "umm",
        "ter",
        "y",
        "e",
    )
)
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’.-](?=[^\W\d_]))*\.?")
_INITIALS = re.compile(r"(?:[A-Z]\.? ?){1,3}|[A-Z]{1,2}")
_POINTED = re.compile(r"[A-Z]\. ?(?:[A-Z]\. ?){0,2}[A-Z]\.?")
_ASIDE = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*")


@lru_cache(maxsize=100_000)
def name_likelihood(text: str) -> NameLikelihood:
    """How a text that is no longer than a name looks. What stands in brackets is left aside."""
    text = _ASIDE.sub(" ", text).strip(" .,;:*-–_'\"")
    if not 2 <= len(text) <= LONGEST or any(c.isdigit() for c in text):
        return NameLikelihood.NONE
    if _POINTED.fullmatch(text) or _POINTED.fullmatch(f"{text}."):
        return NameLikelihood.PART
    before, comma, after = text.partition(",")
    if comma:
        return _turned(_named(before), _named(after))
    return _straight(_named(text), text)


def _named(text: str) -> tuple[str, ...] | None:
    """The words of a name without title, as they are written; None where something is among them that no name has."""
    words = text.split()
    found = []
    for number, word in enumerate(words):
        plain = fold_word(word).rstrip(".")
        if plain in _PUBLIC and number == 0:
            return None
        if plain in _TITLES and number == 0:
            continue
        if not _WORD.fullmatch(word):
            return None
        found.append(word)
    return tuple(found) if 1 <= len(found) <= 5 else None


def _turned(family: tuple[str, ...] | None, given: tuple[str, ...] | None) -> NameLikelihood:
    """The family name, a comma, the given names; or the other way round."""
    if not family or not given or len(family) > 3 or len(given) > 3:
        return NameLikelihood.NONE
    own, first = fold_word(family[-1]), fold_word(given[0])
    if (
        not _capital(family)
        or not _capital(given)
        or any(_is_other(word) and fold_word(word) not in FAMILY for word in (*family, *given))
    ):
        return NameLikelihood.NONE
    if first in GIVEN:
        return NameLikelihood.SURE if own in FAMILY or own not in OTHER else NameLikelihood.FULL
    if own in FAMILY and (first in DOUBTFUL or _INITIALS.fullmatch(given[0])):
        return NameLikelihood.FULL if first in DOUBTFUL else NameLikelihood.PART
    if fold_word(family[0]) in GIVEN and first in FAMILY:
        return NameLikelihood.SURE
    return NameLikelihood.NONE if own in OTHER or first in OTHER else NameLikelihood.SHAPED


def _straight(words: tuple[str, ...] | None, text: str) -> NameLikelihood:
    if not words:
        return NameLikelihood.NONE
    plain = [fold_word(word).rstrip(".") for word in words]
    if " ".join(plain[:2]) in BODIES or " ".join(plain) in BODIES:
        return NameLikelihood.NONE
    if len(plain) == 1:
        return _single(words[0], plain[0])
    first, last = plain[0], plain[-1]
    foreign = [word for word in plain if word in OTHER]
    if foreign and not (len(plain) == 2 and last in FAMILY and first in GIVEN and len(foreign) == 1):
        return NameLikelihood.NONE
    if not _capital(words):
        return NameLikelihood.SURE if text.islower() and first in GIVEN and last in FAMILY else NameLikelihood.NONE
    if _INITIALS.fullmatch(words[-1]):
        return NameLikelihood.PART if first in GIVEN or first in FAMILY or first in DOUBTFUL else NameLikelihood.NONE
    if _INITIALS.fullmatch(words[0]) and len(words[0]) < 3:
        return NameLikelihood.PART if last in FAMILY else NameLikelihood.NONE
    return _both(words, plain)


def _both(words: tuple[str, ...], plain: list[str]) -> NameLikelihood:
    """Two names or more, none of them initials."""
    first, last = plain[0], plain[-1]
    if len(plain) <= 3 and all(ord(c) > 0x24F for word in plain for c in word if c.isalpha()):
        return NameLikelihood.FULL  # not in Latin letters, which nobody writes a place of ours in
    if (first in GIVEN and last in FAMILY) or (last in GIVEN and first in FAMILY):
        return NameLikelihood.SURE
    if last in GIVEN and words[0].isupper() and not words[-1].isupper():
        return NameLikelihood.SURE
    if first in GIVEN or last in GIVEN or (first in DOUBTFUL and last in FAMILY):
        return NameLikelihood.FULL
    return NameLikelihood.SHAPED


def _single(word: str, plain: str) -> NameLikelihood:
    if not word[0].isupper() or plain in OTHER:
        return NameLikelihood.NONE
    if plain in GIVEN:
        return NameLikelihood.PART
    halves = plain.split("-")
    if len(halves) == 2 and halves[0] in GIVEN:
        return NameLikelihood.PART
    return NameLikelihood.SHAPED


def _capital(words: tuple[str, ...]) -> bool:
    return all(
        word[0].isupper() or word[0].lower() == word[0].upper() or fold_word(word) in _PARTICLES for word in words
    )


def _is_other(word: str) -> bool:
    return fold_word(word).rstrip(".") in OTHER


_BETWEEN = re.compile(r"\s*(?:[;|\n/•]|,(?=\s)|&|\band\b|\+)\s*")


@lru_cache(maxsize=50_000)
def count_names_in_list(text: str) -> tuple[int, int]:
    """How many parts of a list look like whole names, and how many parts it has; none for what is no list."""
    if len(text) > 2_000:
        return 0, 0
    parts = [part for part in _BETWEEN.split(text) if part]
    if len(parts) < 2:
        return 0, 0
    if all(re.search(r"\(\d+\)$", part) for part in parts):
        return 0, 0  # so many in each: they are schools or wards
    whole = sum(name_likelihood(_without_number(part)) >= NameLikelihood.FULL for part in parts)
    if not whole:  # Smith, Jane; Brown, Tom
        parts = [part for part in re.split(r"\s*[;|\n/•]\s*", text) if part]
        whole = sum(name_likelihood(part) >= NameLikelihood.FULL for part in parts)
    return whole, len(parts)


def _without_number(part: str) -> str:
    return re.sub(r"^\d{1,2}[.)] |[ (-]*\d{1,2}(?: ?(?:y|yrs?|years?))?\)?$", "", part)
