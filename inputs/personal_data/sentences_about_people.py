"""Sentences, notes and cells that speak of one person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from local_indicators.inputs.personal_data.vocabulary import contact_details
from local_indicators.inputs.personal_data.vocabulary.name_lexicon import DOUBTFUL, FAMILY, GIVEN, OTHER, fold_word
from local_indicators.inputs.personal_data.vocabulary.person_identifiers import person_identifiers_in
from local_indicators.inputs.personal_data.vocabulary.personal_names import NameLikelihood, name_likelihood
from local_indicators.inputs.personal_data.vocabulary.typed_days import DAY

BIRTH, NAMED, SOMEBODY, HOME = "a date of birth", "the name of somebody", "notes on somebody", "the address of a home"
LONGEST = 20_000
_BIRTH = re.compile(
    rf"(?:\bd\.? ?o\.? ?b\b\.?|\bdate of birth|\bbirth ?date|\bborn(?: on)?|\bb\. ?)(?: is| was)?\s*[:=(–-]?\s*{DAY}|\b{DAY}\s*\(?\b(?:d\.?o\.?b|birth)",
    re.I,
)
_PERSON = (
    r"(?:child|pupil|student|patient|client|learner|young person|yp|service user|boy|girl|victim|tenant|resident|offender|mother|father|mum|dad|"
    r"sister|brother|sibling|twin|son|daughter|baby|carer|parent)"
)
_AGE = r"(?:,? ?\(?(?:aged?|is|age:) ?\d{1,2}\b|,? ?\(?\d{1,2} ?(?:y(?:rs?|ears?)?(?:[ /-]?o(?:ld)?)?|months? old|mths)\b|,? ?\(\d{1,2}\))"
_A_WORD = r"[^\W\d_](?:[^\W\d_]|-(?=[^\W\d_])|['’](?!s\b)(?=[^\W\d_]))*"
_NAME = re.compile(rf"(?<![\w@.'’])({_A_WORD})(?= ([A-Z]\.?(?![\w@'’])|{_A_WORD}(?![\w@]))|)")
_AGED = re.compile(rf"^(?:'s)?{_AGE}", re.I)
_INITIALS = re.compile(
    rf"(?:\b(?i:{_PERSON}):? (?:[A-Z]\.? ?[A-Z]\.?|[A-Z])(?![\w'’]).{{0,40}}?(?:{_AGE}|\b(?:is|was|has|moved|excluded|looked after|LAC|lives|aged|her|his|mother|she|he|arrested|charged|missing|NEET|PEX|PEXed|attends|absconded|pregnant|on a)\b))"
    rf"|\b(?i:{_PERSON}) [A-Z]{{1,2}},? \((?:[MF]\b|boy|girl|male|female|\d)"
    rf"|(?<![\w.])(?!(?:N\. ?B|A\. ?M|P\. ?M|U\. ?K|U\. ?S|E\. ?G|I\. ?E|J\. ?P|P\. ?E|A\. ?D|B\. ?C|Q\. ?A)\b)(?:(?:[A-Z]\.){{2,3}}|(?:[A-Z]\. ?){{1,2}}[A-Z]\.?)(?:{_AGE}|, \d{{1,2}}(?=[,;)]|$)|[ ,(]+(?:{_PERSON}|looked after|LAC|excluded|on a (?:CP|child protection) plan|moved|dob))"
)
_STATE = (
    r"(?:looked[ -]after|LAC|CLA|(?:on an? )?(?:child protection|CP|CiN)(?: plan)?|CPP|EHCP?|SEN|(?:permanently |temporarily )?excluded|exclusion|pregnant|foster\w*"
    r"|adopted|adoption|sibling\w*|(?:brother|sister|twin|mother|mum|dad|father) of|self[ -]harm\w*|diagnosed|arrested|convicted|charged|abused|neglected|assaulted|autis\w+"
    r"|ADHD|asthma\w*|cancer|disabled|overdose\w*|suicid\w*|died|dead|missing|truant\w*|in (?:foster )?care|care order|asylum|uasc|homeless|evicted|addict\w*|stabbed|dob"
    r"|(?:year|yr|y) ?\d{1,2}\b|bereaved|custody|remanded|NEET|moved (?:to|out|in|school|home|away)|lives?|living|female|male|girl|boy|pupil|student|child)"
)
_IN_STATE = re.compile(
    r"^\s*(?:[,(:–-]\s*(?:(?:who|now|currently|was|is|has|been|a|an|the|in|on|and)\s+){0,4}|(?:(?:was|is|has|had|who|now|been|also|still|currently|recently)\s+){1,4}"
    rf"(?:an? |on |in |the )?|(?=looked[ -]after|LAC\b|lives?\b|aged)){_STATE}\b(?!.{{0,12}}\b(?:team|lead|officer|manager|service|coordinator|co-ordinator|nurse|data"
    r"|return|figures?|worker|unit|department|panel|business|head|consultant|practitioner|strategy|commissioner|adviser|advisor|trainer|analyst)s?\b)",
    re.I,
)
_KINSHIP = re.compile(r"\b(?:mum|mother|dad|father|nan|grandm\w+|grandparents?|foster carer|his|her)\b", re.I)
_CALLED = re.compile(rf"\b(?:{_PERSON}|called|named?|re|ref|about)(?:'s name)?(?: is| was| called| named)?:? $", re.I)
_KIN = re.compile(
    r"^(?:'s|s')? (?:mum|mother|dad|father|parents?|carers?|nan|gran\w*|family|foster carers?|brother|sister|sibling|social worker|school|home|placement|case|behaviou?r|exclusion|attendance|needs|plan|medication|diagnosis|offence|arrest|absence|birthday|siblings)\b",
    re.I,
)
_OFFICERS = re.compile(
    r"(?:\b(?:by|from|contact\w*|with|per|chase|ask|asked|call|email|speak to|spoke to|see|thanks|thank|dear|hi|regards|chair\w*|director|manager|officer|head\w*|lead|cllr|councillor|dr|mr|mrs|ms|prof\w*|sir|dame|lady|"
    r"author\w*|owner|source|analyst|minister|mayor|inspector|st|saint|queen|king|judge|lord|report|review)\b[ :,.-]*)$",
    re.I,
)
_FEW = re.compile(r"^\s*(?:\d{1,2}|one|two|three|four|five)\s*(?:[(\[:,;=–-]|x\b)\s*", re.I)
_NOT_AFTER = re.compile(
    r"^ (?:primary|infants?|juniors?|secondary|schools?|academ\w+|colleges?|nurser\w+|wards?|parks?|roads?|streets?|house|centres?|center|hospitals?|trust|hall"
    r"|lane|avenue|close|drive|library|clinic|surgery|foundation|council|united|city|town|way|court|estate|building|day|award|prize|act|score|test|scale|method"
    r"|index|review|report|community|hospice|charity|institute|university|team|project|programme|ltd|limited|plc|llp|and sons|& co)\b",
    re.I,
)
_LETTER = re.compile(r"[^\W\d_]")


@lru_cache(maxsize=100_000)
def what_tells_of_one_person(text: str) -> tuple[str, ...]:
    """What in a text can only be said of one person, in our words; blank where there is nothing."""
    if len(text) < 5 or (len(text) < 9 and not _LETTER.search(text)):
        return ()
    return tuple(dict.fromkeys(_told(text[:LONGEST])))


def _told(text: str) -> Iterator[str]:
    has_digits = any(c.isdigit() for c in text)
    if has_digits:
        yield from person_identifiers_in(text)
        if _BIRTH.search(text):
            yield BIRTH
        if contact_details.PHONE.search(text) and _KINSHIP.search(text):
            yield SOMEBODY
        if contact_details.has_home_address(text) and re.search(
            rf"\b(?:lives?|living|resid\w+|home|{_PERSON}|dob|moved)\b", text, re.I
        ):
            yield HOME
    if " " not in text and "." not in text:
        return
    if _INITIALS.search(text):
        yield SOMEBODY
    few = _FEW.match(text)
    for found in _NAME.finditer(text):
        if (how := _is_spoken_of(found, text, few.end() if few else -1)) is not None:
            yield how
            return


def _is_spoken_of(found: re.Match[str], text: str, after_few: int) -> str | None:
    """Whether a word in a text is the given name of somebody of whom it says what is said of single people only."""
    first, second = fold_word(found[1]), fold_word((found[2] or "").rstrip("."))
    doubtful = first in DOUBTFUL and second in FAMILY and second not in OTHER
    if not found[1][0].isupper() or (first not in GIVEN and not doubtful):
        return None
    known = second in FAMILY or (len(second) == 1 and (found[2] or "x")[0].isupper())
    paired = known or bool(found[2] and found[2][0].isupper() and second not in OTHER)
    end = found.end(2) if paired else found.end(1)
    before, after = text[: found.start()], text[end : end + 120]
    if _OFFICERS.search(before) or _NOT_AFTER.match(after) or _NOT_AFTER.match(text[found.end(1) : found.end(1) + 30]):
        return None
    aged = _AGED.match(after)
    if aged and (re.search(r"[a-z]", aged[0], re.I) or (known and len(re.findall(r"\(\d+\)", text)) == 1)):
        return NAMED
    if _CALLED.search(before) or _KIN.match(after):
        return NAMED
    if (
        found.start() == after_few
        and name_likelihood(text[found.start() : end]) >= NameLikelihood.PART
        and re.match(r"\s*(?:[),;.]|$|and |& )", after)
    ):
        return NAMED
    if _IN_STATE.match(after):
        return NAMED
    return None
