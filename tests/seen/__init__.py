"""What is seen against what is loaded: random workbooks, opened in LibreOffice and read by us.

    python -m tests.seen 5000 [--seed N] [--kinds xlsx,ods,xls]

partner    the layouts that the workbooks answer
workbooks  random workbooks with number formats, rich text, hidden parts, stray cells and contradictions
office     LibreOffice: workbooks to csv as displayed, and to other file kinds
compare    every figure that is loaded against the cell as it is displayed, and every number against its account
"""
