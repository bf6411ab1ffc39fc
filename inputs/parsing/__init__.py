"""From cells to a tidy table, by a layout."""
