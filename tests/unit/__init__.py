"""Tests of single rooms; the folders mirror the code."""
