"""What `kernels.fold` must equal: folding by Python's own str."""

import string

SPACE = {
    *"\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000",
    *(chr(c) for c in range(0x2000, 0x200B)),
}


def fold(text: str, case: bool, space: bool, punctuation: bool) -> str:
    """A folded copy: one letter to one letter in lower case, white space as single blanks, no ASCII punctuation."""
    if punctuation:
        text = "".join(c for c in text if c not in string.punctuation)
    if space:
        text = "".join(" " if c in SPACE else c for c in text)
        text = " ".join(part for part in text.split(" ") if part)
    if case:
        text = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return text
