"""What arrives, from folders and from servers."""
