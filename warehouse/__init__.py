"""The private store, the published file, and the way from one to the other."""
