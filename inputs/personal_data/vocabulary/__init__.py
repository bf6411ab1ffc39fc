"""The words, numbers and days by which single people are recognised."""
