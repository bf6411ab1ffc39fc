"""Tests by purpose: golden returns, properties, crashes, and what a user meets at the command line."""
