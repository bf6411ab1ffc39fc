"""The private store: everything that was accepted, load after load."""
