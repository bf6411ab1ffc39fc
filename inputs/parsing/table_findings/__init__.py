"""What is noted about a table while it is read, so that no number on it passes in silence."""
