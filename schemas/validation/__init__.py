"""The checks on tidy tables, all findings in one pass."""
