"""From the bytes of a file to its cells: one reader for each format."""
