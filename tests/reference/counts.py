"""Twins of kernels/counts.py, by the string methods that define them."""


def units(text: str) -> list[int]:
    return [len(text), len(text.encode()), len(text.split()), len(text.splitlines())]


def has_letters(text: str) -> bool:
    return any(char.isalpha() for char in text)
