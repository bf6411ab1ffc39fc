"""The published tables, and how they are derived from the store."""
