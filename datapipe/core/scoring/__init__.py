"""Scores of texts by any Python callable."""
