"""The changes that marking makes on one sheet: colours, comments, formulas removed."""
