"""Evaluation sets, and where their items stand in documents."""
