"""The gate: Great Expectations judges a candidate, and figures at fault are set aside."""
