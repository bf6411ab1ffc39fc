"""Writes a template as an Excel workbook that says which template it is, the same bytes every time."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime, time

from openpyxl import Workbook
from openpyxl.packaging.custom import StringProperty

from local_indicators.inputs.layouts.layout_language import LISTS_SHEET, NOTES_SHEET
from local_indicators.inputs.layouts.template_stamp import stamp_of
from local_indicators.replies.templates.pages.page_layout import Template
from local_indicators.replies.templates.template_request import TemplateRequest
from local_indicators.replies.templates.workbook.data_validation import add_validations
from local_indicators.replies.templates.workbook.instructions_sheet import write_instructions
from local_indicators.replies.templates.workbook.page_sheet import AUTHOR, write_page
from local_indicators.replies.templates.workbook.word_lists import WordLists

MAX_TITLE = 200


def write_workbook(template: Template) -> bytes:
    """Return the bytes of the xlsx workbook of a template."""
    book = Workbook()
    book.remove(book.active)
    instructions = book.create_sheet(NOTES_SHEET)
    lists = WordLists(book.create_sheet(LISTS_SHEET), book)
    for page in template.pages:
        sheet = book.create_sheet(page.name, index=len(book.sheetnames) - 1)
        write_page(sheet, page)
        add_validations(sheet, page, lists)
    lists.hide()
    write_instructions(instructions, template)
    _set_properties(book, template.request)
    saved = io.BytesIO()
    book.save(saved)
    return with_fixed_time(saved.getvalue(), _saved_at(template.request.made_on))


def _saved_at(day: date) -> datetime:
    return datetime.combine(day, time(9))


def _set_properties(book: Workbook, request: TemplateRequest) -> None:
    """Set the document properties, with the stamp by which the template is known when it comes back."""
    saved_at = _saved_at(request.made_on)
    properties = book.properties
    properties.creator = properties.lastModifiedBy = AUTHOR
    properties.title = " ".join(request.layout.title.split())[:MAX_TITLE]
    properties.created = properties.modified = saved_at
    for name, value in stamp_of(request.layout).properties.items():
        book.custom_doc_props.append(StringProperty(name=name, value=value))


def with_fixed_time(content: bytes, saved_at: datetime) -> bytes:
    """Return the same workbook as if saved at a given time; openpyxl writes the time at which it runs."""
    fixed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as saved, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as out:
        for name in saved.namelist():
            part = saved.read(name)
            if name == "docProps/core.xml":
                stamp = rf"\g<1>{saved_at:%Y-%m-%dT%H:%M:%SZ}".encode()
                part = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", stamp, part)
            info = zipfile.ZipInfo(name, saved_at.timetuple()[:6])
            info.create_system, info.compress_type = 3, zipfile.ZIP_DEFLATED
            out.writestr(info, part)
    return fixed.getvalue()
