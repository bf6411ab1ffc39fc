"""Marked-up copies: the sender's own workbook with what is wrong in colour, in comments and in a list."""
