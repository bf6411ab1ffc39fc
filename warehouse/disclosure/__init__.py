"""Disclosure control: small numbers of people are suppressed, and whatever would give them back."""
