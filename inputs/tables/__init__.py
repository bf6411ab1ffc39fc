"""One table of a layout on one sheet: its columns, what is said of each figure, its rows and its measures."""
