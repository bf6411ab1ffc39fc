"""When things run: the nightly flow, the ledger, delivery, settings and the command line. No rule about data."""
