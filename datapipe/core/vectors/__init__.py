"""Documents as vectors."""
