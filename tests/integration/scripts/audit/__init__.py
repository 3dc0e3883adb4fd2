"""The audit, dead letters and retention as an operator runs them, on what real consumers stored."""
