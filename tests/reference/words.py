"""Words by string methods and regular expressions, chunk by chunk: what kernels/words.py must find."""

import re
import unicodedata

from datapipe.kernels import scripts
from datapipe.kernels.classes import SYMBOLS, TERMINALS
from datapipe.kernels.words import ABBREVIATIONS

QUOTES = "'\"`´‘’‚“”„»«「」『』（）〔〕【】《》〈〉"
BOTH_ENDS = ",:;!?()[]{}<>_#*&'\"`´"


def points(ranges: str) -> set[str]:
    out = set()
    for part in ranges.split():
        first, _, last = part.partition("-")
        out |= {chr(c) for c in range(int(first, 16), int(last or first, 16) + 1) if not 0xD800 <= c < 0xE000}
    return out


TERMINAL = points(TERMINALS)
SYMBOL = points(SYMBOLS) | TERMINAL
RANGED = points(scripts.UNSPACED)
SHARED = points(scripts.SHARED)
# A letter for each role, so that a rule on syllables is a regular expression.
LETTER = {c: "svlakLcmKHdT"[number] for number, ranges in scripts.ROLES.items() for c in points(ranges)}


def alone(c: str) -> bool:
    """Of a script without spaces."""
    assigned_sign = unicodedata.category(c)[0] in "PS"
    return c in SHARED or (c in RANGED and (c.isalpha() or not (assigned_sign or c.isspace())))


def role(c: str) -> str:
    return "d" if c.isdecimal() else LETTER.get(c, "s")


def plain(c: str) -> bool:
    return not (alone(c) or sign(c) or c.isspace())


def syllable(chunk: str) -> str:
    """The word that starts a chunk of a script without spaces."""
    roles = ["" if not alone(c) else role(c) for c in chunk] + ["", "", ""]
    last = roles[0]  # the role that counts: signs above and below leave it
    for i in range(1, len(chunk)):
        now = roles[i]
        if now == "":
            if ord(chunk[i]) < 128 or not plain(chunk[i]) or chunk[i].isalpha() or chunk[i].isnumeric():
                return chunk[:i]
            last = ""
        elif now == "a" or (last in ("L", "a") and now in "sLcmKHd"):
            last = now
        elif now in "vlk":
            continue
        elif now in "sLT" or now != last:
            return chunk[:i]
        elif now == "c":
            if i > 1 and roles[i + 1] in ("v", "a"):
                return chunk[:i]
        elif now == "m" and not re.match("\u1037?\u103a|[\u1039\u17d2]", chunk[i + 1 : i + 3]):
            return chunk[:i]
    return chunk


def sign(c: str) -> bool:
    return unicodedata.category(c)[0] in "PS"


def comes_off_both(c: str) -> bool:
    category = unicodedata.category(c)
    if c in BOTH_ENDS:
        return True
    return ord(c) > 127 and c not in "§¶" and category in ("So", "Po", "Ps", "Pe", "Pi", "Pf", "Pd")


def comes_off_front(c: str) -> bool:
    return comes_off_both(c) or c in "%=§" or unicodedata.category(c) == "Sc"


def after_digit(c: str) -> bool:
    return c in "%+" or unicodedata.category(c) == "Sc"


def cuts_inside(c: str) -> bool:
    return c == "…" or unicodedata.category(c) == "So"


def upper(c: str) -> bool:
    return c.isalpha() and c.isupper()


def prefix(chunk: str) -> str:
    dots = re.match(r"\.\.+", chunk)
    if comes_off_front(chunk[0]):
        return chunk[0]
    if dots:
        return dots[0]
    if re.match(r"\+(?![0-9])", chunk):
        return "+"
    return ""


def suffix(chunk: str) -> str:
    last = chunk[-1]
    if comes_off_both(last):
        return last
    if len(chunk) == 1:
        return ""
    if last == ".":
        dots = re.search(r"\.\.+\Z", chunk)
        return dots[0] if dots else "." * full_stop(chunk[:-1])
    if after_digit(last):
        return last * (chunk[-2] in "0123456789")
    own = re.search(r"['’][sS]\Z", chunk)
    return own[0] if own else ""


def full_stop(word: str) -> bool:
    last = word[-1]
    if last.isalpha():
        if len(word) == 1 or word[-2] == ".":
            return False
        if upper(last):
            return upper(word[-2])
        return word not in ABBREVIATIONS.split()
    return plain(last) or comes_off_both(last) or last in QUOTES or after_digit(last) or last == "-"


def inside(chunk: str) -> list[str]:
    short = re.search(r"(?i)(?-i:[nN])['’](?-i:[tT])\Z|['’](?-i:[mMdD]|[lL][lL]|[rR][eE]|[vV][eE])\Z", chunk)
    tail = []
    if short and short.start() > 0:
        tail = [short[0]]
        chunk = chunk[: short.start()]
    named = re.match(r"[A-Za-z0-9_.-]+\.[a-z]{2,}(/|\Z)", chunk) or re.match(r"www\..", chunk)
    if named or re.search(r"\A.+?(@.|://)", chunk, re.DOTALL):
        return [chunk, *tail]
    out, word, i = [], "", 0
    while i < len(chunk):
        joint, skip = joint_at(chunk, i)
        if joint:
            out += [word, joint]
            word = ""
        word += chunk[i : i + skip] if not joint else ""
        i += len(joint) or skip
    return [w for w in [*out, word] if w] + tail


def joint_at(chunk: str, i: int) -> tuple[str, int]:
    """The token that cuts here, or how many code points to pass."""
    c, left, right = chunk[i], chunk[i - 1 : i] if i else "", chunk[i + 1 : i + 2]
    if cuts_inside(c):
        return c, 1
    dots = re.match(r"\.\.+", chunk[i:])
    if dots:
        return dots[0], 1
    if not left or not right or not sign(c):
        return "", 1
    if c == ".":
        low = left.isalpha() and not upper(left)
        return "." * ((low or left in QUOTES) and (upper(right) or right in QUOTES)), 1
    if c == ",":
        return "," * (left.isalpha() and right.isalpha()), 1
    if c in "+-*^" and left in "0123456789" and right in "0123456789-":
        return c, 1
    if c in ":/<=>":
        return c * ((left.isalpha() or left.isnumeric()) and right.isalpha()), 1
    dashes = re.match(r"[-~–—]+", chunk[i:])
    if dashes:
        run = dashes[0]
        after = chunk[i + len(run) : i + len(run) + 1]
        cut = len(run) <= 3 and after.isalpha() and (left.isalpha() or left.isnumeric())
        return (run, 0) if cut else ("", len(run))
    return "", 1


def words(text: str) -> list[str]:
    out = []
    for chunk in text.split():
        while chunk:
            spaced = re.match("[^\0]*", "".join("\0" if alone(c) else "x" for c in chunk))
            size = spaced.end() if spaced else 0
            if size == 0:
                out.append(syllable(chunk))
                chunk = chunk[len(out[-1]) :]
                continue
            found, rest = cut(chunk[:size])
            if rest and role(chunk[size : size + 1] or " ") == "T":
                found[-1] += chunk[size]
                size += 1
            out += found
            chunk = chunk[size:]
    return out


def cut(chunk: str) -> tuple[list[str], bool]:
    """The words of a chunk without a letter of scripts without spaces; is the last one plain up to the end?"""
    head, tail = [], []
    while chunk and prefix(chunk):
        head.append(prefix(chunk))
        chunk = chunk[len(head[-1]) :]
    whole = chunk != "" and all(map(plain, chunk))
    while chunk and suffix(chunk):
        tail.insert(0, suffix(chunk))
        chunk = chunk[: -len(tail[0])]
    return head + (inside(chunk) if chunk else []) + tail, whole
