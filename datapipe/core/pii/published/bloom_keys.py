"""What BLOOM takes for keys, in linear time: its pattern has nested repetitions that may take exponential time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

# The published pattern finds, after the start of a line or a sign on the left, and before the end of one or a sign on the
# right, either  (?:[A-Za-z]+[\p{Nd}\p{Pd}/+=:_]+|[\p{Nd}\p{Pd}/+=:]+[A-Za-z]+){4,}
# or             (?:(?:\p{Nd}{3,}|[A-Z]+\p{Nd}+[A-Z]*|\p{Nd}+[A-Z]+\p{Nd}*)[ \p{Pd}]?){3,}
# Here both run as one automaton over a stretch of their signs, its threads in the order in which a backtracking search
# would try them (Pike's method): the first to end is the match that such a search finds.
UPPER, LOWER, DIGIT, DASH, BLANK, UNDER, SIGN = range(1, 8)

State = tuple[int, str]  # groups done, up to the least number of them; where in the next one


class Patterns(NamedTuple):
    """stretch: signs of keys. parts: what every key has in it. left, right: beside one. sign: its class as a group."""

    stretch: Any
    parts: Any
    left: Any
    right: Any
    sign: Any


@cache
def _patterns() -> Patterns:
    import regex

    return Patterns(
        regex.compile(r"[A-Za-z\p{Nd}\p{Pd}/+=:_]++(?: [A-Za-z\p{Nd}\p{Pd}/+=:_]++)*+ ?"),
        regex.compile(r"(?:[A-Za-z]++[\p{Nd}\p{Pd}/+=:_]++){2}|\p{Nd}{3}|\p{Nd}[A-Z]|[A-Z]\p{Nd}"),
        regex.compile(r"""[\b\s@?,!;:'")(.\p{Han}]"""),
        regex.compile(r"""[\b\s\p{Han}@?,!;:'")(.]"""),
        regex.compile(r"([A-Z])|([a-z])|(\p{Nd})|(\p{Pd})|( )|(_)|([/+=:])"),
    )


def keys(text: str) -> Iterator[tuple[int, int]]:
    """Spans in code points."""
    stretch, parts, *_ = _patterns()
    used = 0  # the sign after a key is part of its match, and begins no other one
    for run in stretch.finditer(text):
        here = run.start()
        if parts.search(text, here, run.end()) is None:
            continue
        while here < run.end():
            found = _leftmost(text, here, run.end(), used)
            if found is None:
                break
            yield found
            here = used = found[1] + (not _ends_line(text, found[1]))


def _leftmost(text: str, here: int, stop: int, used: int) -> tuple[int, int] | None:
    """The first key of a stretch, as a search that goes back finds it."""
    match: tuple[int, int] | None = None
    threads: dict[State, int] = {}  # where the key of each began; in the order of their rank
    for i in range(here, stop + 1):
        kind = _kind(text[i]) if i < stop else 0
        if match is None and i < stop and _begins(text, i, used):
            threads.setdefault((0, "first"), i)
            threads.setdefault((0, "second"), i)
        after: dict[State, int] = {}
        for state, start in threads.items():
            for new in _steps(state, kind):
                after.setdefault(new, start)
            if _may_end(state) and (_ends_line(text, i) or _patterns().right.match(text, i)):
                match = start, i
                break
        threads = after
        if match is not None and not threads:
            break
    return match


_FIRST, _SECOND = ("first", "L", "LD", "D", "DL"), ("second", "a", "aa", "N", "U", "Un", "UnU", "d", "dU", "dUn", "gap")
_INSIDE: dict[str, dict[int, str]] = {
    "L": {UPPER: "L", LOWER: "L", DIGIT: "LD", DASH: "LD", SIGN: "LD", UNDER: "LD"},
    "LD": {DIGIT: "LD", DASH: "LD", SIGN: "LD", UNDER: "LD"},
    "D": {DIGIT: "D", DASH: "D", SIGN: "D", UPPER: "DL", LOWER: "DL"},
    "DL": {UPPER: "DL", LOWER: "DL"},
    "a": {DIGIT: "aa"}, "aa": {DIGIT: "N"}, "N": {DIGIT: "N"},
    "U": {UPPER: "U", DIGIT: "Un"}, "Un": {DIGIT: "Un", UPPER: "UnU"}, "UnU": {UPPER: "UnU"},
    "d": {DIGIT: "d", UPPER: "dU"}, "dU": {UPPER: "dU", DIGIT: "dUn"}, "dUn": {DIGIT: "dUn"},
}  # fmt: skip
_NEW: dict[str, dict[int, tuple[str, ...]]] = {
    "first": {UPPER: ("L",), LOWER: ("L",), DIGIT: ("D",), DASH: ("D",), SIGN: ("D",)},
    "second": {DIGIT: ("a", "d"), UPPER: ("U",)},
}
_WHOLE = ("LD", "DL", "N", "Un", "UnU", "dU", "dUn")  # a group may end here


@cache
def _steps(state: State, kind: int) -> tuple[State, ...]:
    """Where a thread may be after one more sign, by rank: on in the group, a sign between groups, a new group."""
    done, where = state
    rule = "first" if where in _FIRST else "second"
    out = []
    if where in _INSIDE and kind in _INSIDE[where]:
        out.append((done, _INSIDE[where][kind]))
    if where in _WHOLE:
        done = _more(done, rule)
        if rule == "second" and kind in (DASH, BLANK):
            out.append((done, "gap"))
    if where in (*_WHOLE, "gap", "first", "second"):
        out += [(done, new) for new in _NEW[rule].get(kind, ())]
    return tuple(dict.fromkeys(out))


def _may_end(state: State) -> bool:
    done, where = state
    if where == "gap":
        return done >= 3
    return where in _WHOLE and (_more(done, "first") == 4 if where in _FIRST else _more(done, "second") == 3)


def _more(done: int, rule: str) -> int:
    return min(done + 1, 4 if rule == "first" else 3)


def _kind(sign: str) -> int:
    match = _patterns().sign.match(sign)
    return match.lastindex if match else 0


def _begins(text: str, i: int, used: int) -> bool:
    """Whether a key may begin at i: at the start of a line, or after a sign that no key before has taken."""
    if i == 0 or text[i - 1] == "\n":
        return True
    return i > used and _patterns().left.match(text, i - 1) is not None


def _ends_line(text: str, i: int) -> bool:
    return i == len(text) or text[i] == "\n"
