"""Generators of documentation pages and example returns; not part of the installed package."""
