"""Rules on the file as a whole."""

from __future__ import annotations

from local_indicators.schemas.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "return.unreadable",
        "hard",
        "The file cannot be read.",
        "Open the file in Excel, save it again as an Excel workbook (.xlsx), and send that.",
        "A download that broke off half-way.",
    ),
    Rule(
        "return.encrypted",
        "hard",
        "This workbook is password-protected.",
        "Save it without a password (File, Info, Protect Workbook, Encrypt with Password) and send it again.",
        "A workbook that asks for a password when it is opened.",
    ),
    Rule(
        "return.rights-managed",
        "hard",
        "A sensitivity label or rights management protects this file, so only those whom it names can open it.",
        "Choose a label without protection in Excel (Home, Sensitivity) or lift the restriction (File, Info, "
        "Protect Workbook), save, and send it again. If you may not, ask your IT help for a copy without "
        "protection.",
        "A workbook under a label such as 'Confidential, staff only'.",
    ),
    Rule(
        "return.not-a-spreadsheet",
        "hard",
        "The file is not a spreadsheet, whatever its name says.",
        "Send the figures as an Excel workbook (.xlsx) or a csv file.",
        "A web page or Word document saved with the ending .xls.",
    ),
    Rule(
        "return.web-page",
        "hard",
        "The file is a web page, although its name may end in .xls.",
        "Open it in Excel, choose File, Save As and the type 'Excel Workbook (.xlsx)', and send that file.",
        "A report that a website offers 'for Excel'.",
    ),
    Rule(
        "return.old-format",
        "hard",
        "The file is a workbook of a kind that is no longer in use, and we do not read it.",
        "Open it in Excel, choose File, Save As and the type 'Excel Workbook (.xlsx)', and send that file.",
        "A workbook saved as 'XML Spreadsheet 2003'.",
    ),
    Rule(
        "return.zipped",
        "hard",
        "The file is an archive with other files in it.",
        "Take the workbook or csv file out of it and send that by itself.",
        "A csv file inside a zip file.",
    ),
    Rule(
        "return.unsafe",
        "hard",
        "The file holds what no spreadsheet program writes and what can do harm, so it was not read.",
        "Copy the figures into a new workbook and send that; if you did not make this file, tell your IT help.",
        "A workbook whose XML declares entities.",
    ),
    Rule(
        "return.too-large",
        "hard",
        "The file needs more memory or time to read than any return should.",
        "Delete whatever lies far from the table and anything that is not part of the return, save, and send it again.",
        "A cell typed by accident in row 1,048,576 of a wide sheet.",
    ),
    Rule(
        "return.unknown",
        "hard",
        "The file fits none of the returns we expect from you.",
        "Check that it is the right file, and that its sheet and column headings are those of the template.",
        "A workbook with no sheet called 'Absence'.",
    ),
    Rule(
        "return.wrong-folder",
        "hard",
        "The file belongs to another partner.",
        "Move it to the folder of the partner it belongs to.",
        "The careers return in the health folder.",
    ),
    Rule(
        "return.person-level",
        "hard",
        "The file holds records of single people, which we must not receive.",
        "Delete the file wherever it was sent, and send totals only.",
        "A column of names, dates of birth or pupil numbers.",
    ),
    Rule(
        "return.empty",
        "hard",
        "The table has headings but no figures.",
        "Fill in the rows under the headings and send the file again.",
        "The blank template, sent back.",
    ),
    Rule(
        "return.old-template",
        "hard",
        "The workbook was filled in on a template that is no longer in use.",
        "Get the present template, copy your figures into it, and send that.",
        "The template of two years ago, whose sheets have changed since.",
    ),
    Rule(
        "return.doubtful-name",
        "advisory",
        "The name of the file says that it may not be the one that counts.",
        "If it is the one that counts, give it a plain name next time; if not, tell us, and send the one that does.",
        "A file called 'NEET draft.xlsx', 'Copy of NEET.xlsx' or 'NEET (1).xlsx'.",
    ),
    Rule(
        "return.old-by-name",
        "hard",
        "The name of the file says that it is old, and figures from a file without such a name are held already.",
        "Delete the file. If it is the one that counts, give it a name that does not say so; it is then taken in.",
        "'NEET_old_do_not_use.xlsx' after 'NEET.xlsx' was accepted.",
    ),
    Rule(
        "return.older-than-held",
        "advisory",
        "The file was last changed before the one whose figures are held, and takes its place all the same.",
        "Nothing, if that is meant. Otherwise save the right file again and send it.",
        "The return of 3 May, sent again after that of 10 May.",
    ),
)
