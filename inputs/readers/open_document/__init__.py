"""The workbooks of LibreOffice and other OpenDocument programs: ods."""
