"""Numbers by which countries know persons."""
