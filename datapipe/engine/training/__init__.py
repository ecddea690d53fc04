"""Training of the models that steps apply."""
