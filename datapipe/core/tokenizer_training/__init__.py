"""Tokenizers from text: what is asked for, the sample they learn from, the trainers, the files they become."""
