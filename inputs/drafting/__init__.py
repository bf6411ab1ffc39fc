"""A proposed layout for a workbook that nobody has described, with questions where it is not sure."""
