"""One table on one sheet: its headings, rows, columns and what is said around it."""
