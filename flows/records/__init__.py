"""What is remembered of every submission: the ledger, the archive, the register of returns."""
