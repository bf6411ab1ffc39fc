"""What a heading or a label says of what stands under or beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes
from local_indicators.inputs.personal_data.vocabulary.name_lexicon import OTHER, fold_word

LONGEST = 60
_PERSON = (
    r"(?:child(?:ren)?|kid|pupil|student|learner|patient|client|service user|young person|yp|victim|offender|perpetrator|suspect"
    r"|defendant|resident|tenant|customer|applicant|candidate|mother|father|parent|carer|guardian|sibling|brother|sister|twin"
    r"|participant|attendee|person|individual|baby|infant|claimant|detainee|prisoner|adopter|foster carer|mum|dad"
    r"|next of kin|household member|girl|boy|missing person|case|worker)"
)
_NAME = r"(?:sur|fore|first|last|middle|given|family|christian|maiden|birth|second|preferred|legal|known as|chosen|nick|full|other)"
KINDS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        # what only a table of single people has over what stands under it
        "name": re.compile(
            rf"(?:(?:{_PERSON}s? )?(?:legal |preferred |first |second )?(?:sur|fore|first|last|middle|given|family|christian|maiden|nick) ?names?(?: \\(s\\)|s)?"
            rf"|(?:child|childs|children|pupil|student|learner|patient|client|service user|young person|yp|victim|offender)s? (?:{_NAME} ?)?names?"
            rf"|names? of (?:the )?{_PERSON}(?:ren)?|{_PERSON}s? initials|(?:first|given)(?: name)? and (?:last|family|surname).*"
            rf"|surname,? forenames?|forename,? surname|surname (?:&|and) (?:initials?|forenames?|first names?)|names? (?:&|and) (?:d ?o ?b|age|date of birth)|first and last names?)"
        ),
        # the same where what stands under it looks like names
        "called": re.compile(
            rf"{_PERSON}s? (?:{_NAME} ?)?names?|known as|alias(?:es)?|last|first|full names?|also known as|aka|individuals?|members? of public"
        ),
        "number": re.compile(
            r"(?:former |pupil |child )?(?:upn|unique pupil (?:number|no|reference|ref))|uln|unique learner (?:number|no)|nhs (?:number|no|id)"
            r"|nhs|national insurance (?:number|no)|ni (?:number|no)|nino|marac case (?:number|no)|candidate (?:number|no)|hospital (?:number|no|id)"
            r"|unique child (?:identifier|id)|passport (?:number|no)|chi(?: number)?|prison (?:number|no)|driving licen[cs]e(?: number| no)?"
        ),
        "id": re.compile(
            r"la ?child ?id|social care id|(?:mosaic|liquid ?logic|care ?first|careworks|ics|ssd|system) (?:id|number|no|ref)"
            r"|(?:pupil|child|person|client|patient|service user|learner|student|young person|yp|victim|offender|resident|case|individual)"
            r" ?(?:id|ref|reference|identifier)(?: (?:number|no))?|unique ?id(?:entifier)? ?of ?child"
        ),
        "born": re.compile(
            r"d ?o ?b\b.*|dates? of birth.*|date ?born|born(?: on)?|birth ?dates?|birthdays?|day of birth|personbirthdate"
            rf"|{_PERSON}s? (?:d ?o ?b|date of birth|birth ?date).*|date of death|d ?o ?d|died(?: on)?|bday|b day|geboren|birth"
        ),
        "place": re.compile(
            rf"home ?(?:address|postcode|post code|post)|(?:{_PERSON}s?|residence) (?:address|postcode|post code)"
            r"|post ?code of residence|address line 1|place of residence|lives at"
        ),
        # what a row of one person may begin with
        "subject": re.compile(rf"{_PERSON}s?|names?|full names?|initials|name and (?:dob|age|d o b).*|who is it about"),
        "ref": re.compile(
            r"(?:(?:unique |our |local |case |record |event |referral |anon(?:ymised)? ?)*(?:ref|reference|id|identifier|no|number|code|urn)|case|referral"
            r"|episode|#|key|p?id)(?: (?:no|number|id))?"
        ),
        # what is said of one person
        "age": re.compile(r"(?:current |approx(?:imate)? )?ages?(?: (?:at|on|in|when|now|years|yrs)\b.*| \(.*\))?|years old|yrs|age group|yo"),
        "sex": re.compile(r"sex|gender|m ?/ ?f|boy ?/ ?girl|(?:gender|sex) (?:identity|at birth|m/f)|gender \(.*\)|sex \(.*\)"),
        "ethnicity": re.compile(r"ethnicity|ethnic (?:origin|group|code|background)(?: code)?|race|nationality|religion|first language|immigration status"),
        "year": re.compile(r"nc ?y(?:ear)?(?: group)?|national curriculum year|year ?group|yr ?(?:gp|group)|(?:tutor|reg(?:istration)?) ?group|form|class"),
        "reason": re.compile(
            r"(?:main |primary )?reasons?(?: .*)?|comments?|notes?(?: .*)?|details?|circumstances|(?:primary |category of |area of )?needs?|concerns?"
            r"|diagnosis|offences?|allegations?|incident(?: details)?|what happened|(?:legal|care|placement) status|placement(?: .*)?|outcomes?"
            r"|(?:presenting )?(?:issue|problem)s?|disability|condition|sanction|behaviou?r|medical .*|narrative|summary|remarks?|observations?|allergies"
        ),
        "date": re.compile(r"dates?(?: .*)?|.* date|(?:referred|excluded|admitted|started|ended|seen|moved|reported|arrested|opened|closed|missing) (?:on|from|since)|when|start|end"),
        "private": re.compile(
            r"address|post ?code|(?:home |mobile |tel(?:ephone)? |phone |contact )?(?:phone|mobile|telephone|tel)(?: (?:number|no))?|e ?mail(?: address)?"
            r"|sen(?: (?:status|need))?|send|ehcp?|fsm|lac|cin|cpp?|eal|pp|uasc|school(?: attended)?|social worker|key ?worker|siblings?|parents?|carers?|mother|father|gp|next of kin"
        ),
    }
)  # fmt: skip
"""What headings are, by kind; a heading may be of several. Points, dashes and spaces make no difference."""
COUNT = re.compile(
    r"\b(?:numbers? of|no of|counts?|totals?|percent(?:age)?|per cent|rates?|values?|denominators?|numerators?|populations?|amounts?|costs?|budgets?"
    r"|spend|expenditure|average|mean|median|children|pupils|people|persons|cases|sessions|enrolments|ci|confidence|lower|upper|estimate|figure|per 1)\b|%|£|^n$|^number$|^no$",
    re.I,
)
"""Headings over figures of many people."""
PLACE = re.compile(
    r"\b(?:urn|laestab|ukprn|dfe|school|setting|provider|practice|establishment|organi[sz]ation|centre|nursery|college|premises"
    r"|station|library|surgery|pharmacy|care home|ward|area|authority|authorities|borough|district|locality|neighbourhood|site|street|road|hospital"
    r"|trust|partner|partnership|agency|constituency|team|service|project|programme|scheme|indicator|measure|venue|building|park|region|country"
    r"|county|city|town|parish|village|place|cluster|hub|unit|academy|federation|company|supplier|contractor|club|church|group|lsoa|msoa|ccg|pct"
    r"|force|council|lad|la|gss|ons|fund|theme|objective|priority|action|milestone|risk|title|breakdown|characteristic|topic|question"
    r"|landmark|bridge|ship|room|hall|estate|playground|event|product|system|software|language|sheet|table|field|column|variable|term|definition)s?\b",
    re.I,
)
AREA = re.compile(
    r"\b(?:area|authority|authorities|borough|district|locality|region|country|county|city|town|lsoa|msoa|ccg|pct|council|lad|la|gss|ons|indicator|measure"
    r"|breakdown|characteristic|topic|question|theme|objective|priority|group|table|field|variable)s?\b",
    re.I,
)
"""Headings of places and things that are never called after somebody by the name alone."""
ROLE = re.compile(
    r"\b(?:contact|completed by|prepared by|compiled by|produced by|submitted by|returned by|checked|approved|authori[sz]ed|signed|signatory|sign(?:ed)? off"
    r"|signature|author|officer|lead|owner|responsib|accountable|sponsor|director|manager|head ?teacher|head of|heads?\b|principal|chair|councillor|cllr|governor"
    r"|by whom|assigned|action by|analyst|statistician|coordinator|co-ordinator|practitioner|social worker|key ?worker|link worker|gp\b|doctor|consultant|teacher"
    r"|data owner|raised by|requested by|inspector|role|job title|position|designation|user|editor|updated by|changed by|modified by|provided by"
    r"|publisher|source|from|attended by|attendees|in attendance|members present|apologies|board|member|secretary|clerk|treasurer|trustee|leader|supervisor|reviewer|reviewed by|verified|nominated|deputy)",
    re.I,
)
"""Headings and labels of people who are named for their office, or of those who filled a form in."""
STAFF = re.compile(
    r"(?:job )?(?:role|title)|job|position|post(?: title| held)?|designation|organi[sz]ation|agency|representing|department|directorate|employer|company|role.*|job title.*",
    re.I,
)
"""Headings of a list of people in their offices."""
ACTIONS = re.compile(
    r"\b(?:actions?|milestones?|risks?|issues? log|mitigations?|owner|lead|due|target|deadline|version|revisions?|amendments?|rag|tasks?|deliverables?|objectives?"
    r"|priority|indicators?|corrections?|change(?:s|d)?|sheet|table|figures?|query|queries|recommendations?|decisions?|invoice|grant|contract|project|bid|progress)\b",
    re.I,
)
"""Headings of plans, logs and lists of changes, of which each row is a thing to do."""
INSTITUTION = re.compile(
    r"\b(?:urn|laestab|ukprn|school|setting|provider|practice|establishment|organi[sz]ation|centre|nursery|college|premises"
    r"|station|library|surgery|pharmacy|care home|site|venue|building|project|hub|club|branch|office)s?\b",
    re.I,
)
"""Headings of places that have an address."""
_LABELS = frozenset(
    (
        "name",
        "names",
        "la",
        "gss",
        "ons",
        "urn",
        "laestab",
        "ukprn",
        "dfe",
        "lsoa",
        "msoa",
        "ccg",
        "pct",
        "who",
        "is",
        "whom",
        "responsible",
        "accountable",
        "signed",
        "signature",
        "signatory",
        "prepared",
        "compiled",
        "produced",
        "author",
        "gp",
        "e-mail",
        "email",
        "cllr",
        "sponsor",
        "title",
        "job",
        "role",
        "teacher",
        "teachers",
        "governor",
        "governors",
        "designation",
        "approved",
        "authorised",
        "submitted",
        "returned",
        "organization",
        "site",
        "venue",
        "lad",
        "force",
        "supplier",
        "theme",
        "objective",
        "milestone",
        "responsibility",
        "assigned",
        "key",
        "link",
        "type",
        "number",
        "no",
        "tel",
        "telephone",
        "phone",
        "person",
        "s",
        "/",
        "&",
        "user",
        "editor",
        "updated",
        "changed",
        "modified",
        "publisher",
    )
)


def is_label(text: str) -> bool:
    """Whether a text is words of headings only, so that it names no school or place of its own."""
    return len(text) <= LONGEST and all(
        word in OTHER or word in _LABELS or bool(PLACE.fullmatch(word))
        for word in re.findall(r"[a-z&/-]+", fold_word(text))
    )


OURS: frozenset[str] = frozenset(
    (
        "name",
        "called",
        "number",
        "id",
        "born",
        "place",
        "subject",
        "ref",
        "age",
        "sex",
        "ethnicity",
        "year",
        "reason",
        "date",
        "private",
    )
)


_LETTER, _DIGIT, _WORD = re.compile(r"[^\W\d_]|^#$"), re.compile(r"\d"), re.compile(r"[^\W\d_]{3}")


@lru_cache(maxsize=50_000)
def heading_kinds(heading: str) -> frozenset[str]:
    """The kinds that a heading is of (KINDS), and `role`, `where`, `staff`, `count` and `actions`."""
    if len(heading) > LONGEST or not _LETTER.search(heading) or (_DIGIT.search(heading) and not _WORD.search(heading)):
        return frozenset()
    plain = normalised_without_footnotes(heading).rstrip(":?*").strip()
    bare = " ".join(re.sub(r"['’]", "", re.sub(r"[._\-–/]+", " ", re.sub(r"\(s\)", "s", plain))).split())
    spaced = " ".join(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading).replace("_", " ").split()).casefold().rstrip(":?*. ")
    forms = {plain, bare, spaced}
    found = {kind for kind, form in KINDS.items() if any(form.fullmatch(one) for one in forms)}
    if re.fullmatch(r"d ?o ?b\b.*", bare) and len(bare) < 25:
        found.add("born")
    marks = (("role", ROLE), ("where", PLACE), ("area", AREA), ("count", COUNT), ("actions", ACTIONS))
    found |= {kind for kind, form in marks if form.search(bare)}
    found |= {"staff"} if STAFF.fullmatch(bare) else set()
    if found & {"name", "called", "number", "id", "born", "place"}:
        found -= (
            {"role", "where", "area"}
            if not re.search(r"officer|lead|contact|owner|manager|staff|school|head", bare)
            else set()
        )
    return frozenset(found)
