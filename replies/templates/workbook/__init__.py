"""A template as an Excel workbook: locked headings, drop-downs and limits, notes, instructions, and its stamp."""
