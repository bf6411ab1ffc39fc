"""What partners send, until it is a tidy table, and what goes back to them."""
