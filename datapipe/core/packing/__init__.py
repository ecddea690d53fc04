"""Documents of tokens to sequences of a fixed length."""
