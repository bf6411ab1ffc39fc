"""Reports of what is published, for people who have no dashboard."""
