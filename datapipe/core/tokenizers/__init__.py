"""Tokenizers: what a model's file holds, and the ids it gives."""
