"""What may be typed into the cells of a template, from the same definitions and layouts as the check."""
