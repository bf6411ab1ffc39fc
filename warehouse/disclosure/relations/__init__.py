"""Which published figures add up to which others."""
