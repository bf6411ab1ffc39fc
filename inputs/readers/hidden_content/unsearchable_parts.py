"""What of a package is not looked into: pictures, embedded objects and the like. Runs only in the child process."""

from __future__ import annotations

import re

from local_indicators.inputs.readers.zip_package import ZipPackage

_KINDS: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("picture", "pictures", re.compile(r"(?:.*/)?(?:media|pictures)/.+\.\w+|docprops/thumbnail\.\w+|thumbnails/.+")),
    (
        "embedded object",
        "embedded objects",
        re.compile(r".*/embeddings/.+|object \d+/content\.xml|objectreplacements/.*|.*/activex/.+\.bin"),
    ),
    ("data model", "data models", re.compile(r".*/model/item\d*\.data")),
)


def unsearchable_parts(package: ZipPackage) -> tuple[str, ...]:
    """Each kind of thing that nobody looked into, with how many there are: '2 pictures'."""
    found = []
    for one, many, form in _KINDS:
        count = sum(1 for name in package.parts if form.fullmatch(name))
        if count:
            found.append(f"{count} {one if count == 1 else many}")
    return tuple(found)
