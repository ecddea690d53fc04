"""Twin of kernels/clean.py, by regular expressions, one wish after the other."""

import re
import unicodedata

NEWLINE = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")
BLANKS = "[ \t\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]"


def clean(text: str, control: bool, newlines: bool, blanks: bool, most: int) -> str:
    if newlines:
        text = NEWLINE.sub("\n", text)
    if control:
        kept = "\t\n\r\v\f\x85"
        text = "".join(c for c in text if c in kept or (unicodedata.category(c) != "Cc" and c != "\ufeff"))
    if blanks:
        text = re.sub(f"{BLANKS}+", " ", text)
        text = re.sub(" ?\n ?", "\n", text)
        text = re.sub(f"\n{{{most + 1},}}", "\n" * most, text)
        text = text.strip(" \n")
    return text
