"""Nights that are killed, losses, rebuilds, backups."""
