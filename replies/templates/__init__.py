"""Blank workbooks for partners to fill in, drawn from the layouts that will read them."""
