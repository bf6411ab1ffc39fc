"""What others depend on: exports, upgrades, the structure of the house."""
