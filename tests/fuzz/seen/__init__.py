"""What is seen against what is loaded: random workbooks, opened in LibreOffice and read by us.

    python -m tests.fuzz.seen 5000 [--seed N] [--kinds xlsx,ods,xls] [--processes N] [--keep FOLDER]

partner    the layouts that the workbooks answer
workbooks  random workbooks, and what the generator itself knows of them
figures    cells of figures: formats, texts, dust, runs that are notes or withdrawn
codes      number formats, those that people use and others put together from their parts
tricks     stray cells, hidden parts, contradictions, dates for periods
edits      edits of the XML, for what openpyxl does not write
office     LibreOffice: workbooks to csv as displayed, and to other file kinds
sight      what a person reads in a displayed text, without our reader
compare    every figure, area and period that is loaded against its cell as displayed, and every number against its account
known      where LibreOffice displays otherwise than Excel
run        all of it, a hundred workbooks at a time
"""
