"""An attack on disclosure control: random partnerships, a reader of everything that leaves, and an integer solver.

It shares no code with disclosure control. `partnerships` makes people up and has partners count them; `nights` loads
and publishes what they send; `reader` reads every public surface of every version; `knowledge` writes down what a
reader then knows of whole numbers of people; `solver` says which secrets follow. `doors` switches off one protection
at a time, to show that the attack sees each.
"""
