"""Knows nothing of indicators: errors, configuration files, whole-file writes, cell references, safe text."""
