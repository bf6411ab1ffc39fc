"""Office Open XML files, edited so that every other part stays byte for byte what it was."""
