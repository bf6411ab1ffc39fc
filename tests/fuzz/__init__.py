"""Random inputs against properties; each has a long run of its own."""
