"""Layouts: where on a partner's sheets each figure stands and what it is of."""
