"""Telling records of single people from totals, so that they are refused before anything of them is kept.

What tells them is a heading that only such a table has, with cells under it that look like it; numbers with check
digits and names, under any heading or none; rows that say of one person what no total says; and notes that speak of
somebody. A form may ask who filled it in, a plan may name who is in charge, and a table of schools may give their
postcodes.
"""

from local_indicators.inputs.personal_data.refusal import refuse_person_level_data

__all__ = ["refuse_person_level_data"]
