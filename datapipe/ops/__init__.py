"""The operators: one, or one family, a file; discovered, never listed."""
