"""`indicators doctor`: the checks of an installation, grouped by what they look at."""
