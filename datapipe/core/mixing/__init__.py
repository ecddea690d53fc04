"""Mixtures: which share of which source, given or learned."""
