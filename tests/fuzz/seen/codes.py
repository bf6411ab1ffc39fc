"""Random number formats: those that people use, and others put together from their parts."""

from __future__ import annotations

import random

PLAIN = (
    "General", "0", "0.0", "0.00", "#,##0", "#,##0.0", "@", "0.00E+00", "£#,##0.00", "[$£-809]#,##0", "000", "#", "0.##",
    '_-* #,##0.0_-;-* #,##0.0_-;_-* "-"??_-;_-@_-', '_-* #,##0_-;-* #,##0_-;_-* "-"_-;_-@_-', "#,##0.0_);(#,##0.0)",
    '_-[$£-809]* #,##0.00_-;-[$£-809]* #,##0.00_-;_-[$£-809]* "-"??_-;_-@_-', "+0.0;-0.0;0.0", "+0.0;-0.0", "[Blue]0.0",
    "0.0;-0.0", "0.0;[Red]-0.0", "# ##0", "##0.0E+0", "[$€-2] #,##0.0", "[$-809]#,##0", "[DBNum1]0.0", "\\£0.0", "0.0\\ ", "?0.0",
    "General;-General", "General_)", "[Green]General;[Red]-General;0",
)  # fmt: skip
"""Formats that show the number itself."""
PERCENT = (
    "0%", "0.0%", "0.00%", "0.0%;-0.0%", "0.0%;(0.0%)", "[Red]0.0%", "0.0 %", "0.00%;-0.00%", "0.0%_);(0.0%)", "0.0\\%",
    '0.0%;-0.0%;"-"', "#,##0.0%", "[<0.1]0.00%;0%", "0.0%;;", "?0.0%", "#.0%", "%0.0", "[Blue]0.0%;[Red]-0.0%", "+0.0%;-0.0%",
)  # fmt: skip
TELLING = (
    "#,##0,", "#,##0.0,", "0.0,,", "0,.0", '0.0,"k"', '0.0"k"', '0.0"m"', '0" pupils"', '0.0" %"', '0.0"%"', '0"p"', '"<"0', '0",000"',
    ";;;", "0;-0;;@", "0.0;;", '[<5]"c";0', '[<=5]"x";0', '[>=1000]#,##0,"k";0', "[Red]0;[Red]0", "0;0", "dd/mm/yyyy", "mmm-yy",
    "d-mmm", "h:mm", "[h]:mm", "yyyy", "# ?/?", "# ??/??", "?/?", "# ?/8", '"about "0', '0"-9"', '0"/10"', "0\\.000", '#,##0 "thousand"',
    '"n/a"', '0.0_-;[=0]"-";0.0', '0"r"', '0"*"', "0\\-00", '"1"0', '0"1"', '0.0"¹"', '0 "of 10"', "0/100", "00-00", "0,000", '-0', '(0)',
    "[=0]0;[<0]0;0.0", '0.0;"("0.0")"', '0;"below zero"', "0 000", '#"."##0', "0.0,0", '0" "000', "-0;0", "[Red](0.0);0.0", '0" -"', "\\<# ?/?", '"c. "0.0E+00', "\\<0.0E+00", "0.0E+00;(0.0E+00)", "#%", "# %", "#.#", "0.0_-;(0.0)", "[Red]0.0;[Red](0.0)",
)  # fmt: skip
_PREFIX = ("", "", "", "", "£", "+", '"c. "', "\\<", "[$£-809]", "_-", "* ", '"2"', "~", "[$€-2] ", "$")
_WHOLE = ("0", "#,##0", "#", "#,###", "000", "?0", "0 000", "##", "0,000")
_DECIMALS = ("", "", ".0", ".00", ".0#", ".000", ".#")
_SUFFIX = (
    "",
    "",
    "",
    "%",
    "%",
    ",",
    ",,",
    '"k"',
    '" pupils"',
    "_)",
    " %",
    '"%"',
    "p",
    '"0"',
    "%%",
    ",%",
    "\\r",
    '"m"',
    '"1"',
)
_NEGATIVE = ("-", "-", "(", "", '"minus "')
_COLOUR = ("", "", "", "", "[Red]", "[Color10]", "[blue]")
_CONDITIONS = (
    ("[<5]", ""),
    ("[>=100]", ""),
    ("[<0]", ""),
    ("[=0]", ""),
    ("[<=1]", ""),
    ("[<5]", "[<100]"),
    ("[=0]", "[<0]"),
)


def put_together(chance: random.Random) -> str:
    """A format of one to four sections of random parts, such as Excel takes; where a condition is set, programs agree on
    it only if every section but the last has one."""
    count = chance.choice((1, 1, 1, 1, 2, 2, 3, 4))
    sections = [_section(chance) for _ in range(min(count, 3))]
    if chance.random() < 0.3 and count > 1:
        first, second = chance.choice(_CONDITIONS)
        return ";".join(
            f"{a}{b}" for a, b in zip((first, second, "") if second else (first, ""), sections, strict=False)
        )
    if count > 1 and chance.random() < 0.8:
        begun = chance.choice(_NEGATIVE)
        sections[1] = begun + _number(chance) + (")" if begun == "(" else "")
    return ";".join([*sections, "@"] if count > 3 else sections)


def _section(chance: random.Random) -> str:
    if chance.random() < 0.06:
        return chance.choice(("", '"c"', '"-"', "General", '""'))
    return chance.choice(_COLOUR) + chance.choice(_PREFIX) + _number(chance)


def _number(chance: random.Random) -> str:
    return chance.choice(_WHOLE) + chance.choice(_DECIMALS) + chance.choice(_SUFFIX)
