"""What goes back to those who sent."""
