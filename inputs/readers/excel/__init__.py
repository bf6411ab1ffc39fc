"""The workbooks of Excel: xlsx and xlsm, xlsb, xls."""
