"""Workspaces: made, added to, saved, put back, and brought up to a new release."""
