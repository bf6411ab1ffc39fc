"""The steps of a night, and of the day between nights."""
