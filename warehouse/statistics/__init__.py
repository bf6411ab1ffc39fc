"""Intervals, significance tests, ranks and control charts. Pure functions."""
