"""The input formats: one a file; discovered, never listed."""
