"""RefinedWeb's line corrections in plain Python, with the regular expressions that DCLM describes them by."""

import re

UNITS = "likes|shares|comments|retweets|reposts|quotes|bookmarks|upvotes|downvotes|downloads|views|followers"
COUNTER = re.compile(rf"^\W*\d[,.\d]*[kmb]?\s+(?:{UNITS})\W*$")


def cut(text: str, pattern: re.Pattern[str], most: int) -> str:
    """Cut the pattern from lines of few words; lines of which nothing is left go."""
    left = []
    for line in text.split("\n"):
        if line and len(line.split()) <= most:
            line = pattern.sub("", line)
            if not line or line.isspace():
                continue
        left.append(line)
    return "\n".join(left).strip()


def clean(text: str, min_words: int = 2, max_newlines: int = 2, most: int = 10) -> str:
    """The text that is left."""
    text = re.sub(rf"\n{{{max_newlines + 1},}}", "\n" * max_newlines, text)
    lines = []
    for line in text.split("\n"):
        if line and (
            sum(c.isupper() for c in line) / len(line) > 0.5
            or line.isdecimal()
            or COUNTER.search(line.lower())
            or len(line.split()) < min_words
        ):
            continue
        lines.append(line)
    text = "\n".join(lines).strip()
    text = cut(text, re.compile(r"\s?items in cart", re.IGNORECASE), most)
    text = cut(text, re.compile(r"\s?read more...$", re.IGNORECASE), most)
    return cut(text, re.compile(r"^sign-in\s?", re.IGNORECASE), most)


def words(text: str) -> int:
    """fastText's tokens that begin with a letter or a number."""
    return sum(word[0].isalnum() for word in re.split("[ \n\r\t\v\f\0]+", text) if word)
