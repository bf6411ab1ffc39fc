"""How often people are missed and how often totals are taken for people, on sheets made by chance from a seed."""
