"""Names of schools, wards, areas, roles and bodies that could be taken for people. All are invented or public."""

from __future__ import annotations

SCHOOLS = ("Robert Shaw Primary", "William Booth Infant School", "Henry Whipple Primary", "St Ann's Well Academy", "Berridge Primary", "Walter Halls Primary",
           "George Spencer Academy", "Emmanuel School", "Margaret Glen-Bott", "Ellis Guilford School", "Jesse Boot Primary", "Queen Elizabeth's Academy", "John Port School")  # fmt: skip
SHORT_SCHOOLS = (
    "Robert Shaw",
    "William Booth",
    "Henry Whipple",
    "St Ann",
    "Berridge",
    "Walter Halls",
    "Ellis Guilford",
    "Djanogly",
    "Jesse Boot",
    "Haydn",
)
WARDS = (
    "Victoria",
    "Sherwood",
    "St Ann's",
    "Clifton North",
    "Harold Wood",
    "Charles Dickens",
    "Alexandra Park",
    "Stanley",
    "Beverley",
    "Lawrence Hill",
    "Grace",
    "Abbey",
    "Percy Main",
)
AREAS = (
    "Nottingham",
    "Derby",
    "Bristol, City of",
    "Kingston upon Hull, City of",
    "Herefordshire, County of",
    "St. Helens",
    "Ashford",
    "Lincoln",
    "Chester",
    "Preston",
    "Stafford",
    "England",
)
ROLES = (
    "Director for Schools and Learning",
    "Deputy Director of Public Health",
    "Head of Service",
    "Data Manager",
    "Chief Executive",
    "Team Leader, Early Years",
)
BODIES = (
    "Marie Curie",
    "Sue Ryder",
    "John Lewis Partnership",
    "Thomas Coram Foundation",
    "Florence Nightingale Ward",
    "Victoria Park Surgery",
    "Barnardo's",
    "Mary Seacole Centre",
    "Grant Thornton",
)
OFFICERS = ("Jane Smith", "Tom Brown", "Aisha Khan", "Wei Chen", "Priya Patel", "J Hughes", "Robert Taylor")
ACTIONS = ("Visit every school above 10% persistent absence", "Text parents on the first morning of an absence", "Agree a protocol with the police", "Open two more children's centres",
           "Offer a place in a weight programme to every family told of obesity", "Tutor pupils at the border of grade C in mathematics", "Review referrals with Barnardo's")  # fmt: skip
REMARKS = ("new recording from January", "to be confirmed with the team", "confirmed by Jane Smith, data officer", "provisional", "see note 3", "Tom Brown (SEND team) has the detail", "checked with Aisha Khan 12/5/11",
           "2 schools closed in 2010 (Robert Shaw and Berridge)", "ask Priya Patel", "excludes academies", "figures for May and June only", "children looked after for a year or more", "Victoria ward (14) is new",
           "St Ann, 12 pupils", "as in NI 055", "Grace Academy excluded 4 pupils", "one pupil moved", "Elizabeth Garrett building shut", None, None, None)  # fmt: skip
