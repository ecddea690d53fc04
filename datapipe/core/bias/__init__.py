"""Whom a filter keeps: counts by language, source, domain and length, and the values that fare otherwise than the rest."""
