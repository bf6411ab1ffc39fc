"""What a single cell says: numbers, marks for missing ones, mistyped words."""
