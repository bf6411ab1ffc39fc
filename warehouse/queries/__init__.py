"""What reads the published file only: trace, claims, the scorecard."""
