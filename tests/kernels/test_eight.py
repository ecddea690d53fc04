"""Eight bytes at a time against one at a time."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from datapipe.kernels import eight as of
from datapipe.kernels.c4 import PHRASES, may_hold_phrase
from datapipe.kernels.classes import class_table
from datapipe.kernels.lines import break_at, byte_at, digest

NEAR = [*b"\x00\x01\t\n\x1f !/09:@AZ[`az{\x7f", 0x80, 0x85, 0xBF, 0xC2, 0xE2, 0xF4, 0xFF]  # the ends of every range
BYTES = st.lists(st.one_of(st.sampled_from(NEAR), st.integers(0, 255)), min_size=8, max_size=8).map(bytes)
TEXT = st.lists(st.sampled_from("ab #.\n\r\t\x0b\x1c\x1f\x85\u2028\u2029\u2026\u2022é漢😀\xa0"), max_size=40).map(
    "".join
)


def array(data: bytes) -> np.ndarray:
    return np.frombuffer(data, np.uint8)


def marks(answer: np.uint64) -> list[bool]:
    assert int(answer) & int(of.LOWS) == 0
    return [bool(int(answer) >> (8 * k + 7) & 1) for k in range(8)]


@settings(deadline=None)
@given(BYTES)
def test_every_test_answers_for_each_byte(data: bytes) -> None:
    eight = np.uint64(
        of.eight_at(array(data), 0)
    )  # a call from Python gives an int, which would compile for signed ones
    assert int(eight) == int.from_bytes(data, "little")
    assert marks(of.letters(eight)) == [chr(b).isalpha() and b < 128 for b in data]
    assert marks(of.digits(eight)) == [b in b"0123456789" for b in data]
    assert marks(of.nulls(eight)) == [b == 0 for b in data]
    assert marks(of.continuations(eight)) == [b & 0xC0 == 0x80 for b in data]
    assert of.number(np.uint64(of.nulls(eight))) == data.count(0)
    for answer, expected in ((of.zeros(eight), [b == 0 for b in data]), (of.controls(eight), [b < 32 for b in data])):
        first = (*(k for k in range(8) if expected[k]), 8)[0]
        assert of.length(np.uint64(of.below(np.uint64(answer)))) == first
    copy = np.zeros(8, np.uint8)
    of.put_eight(copy, 0, eight)
    assert copy.tobytes() == data


@settings(deadline=None)
@given(st.binary(max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_fewer_than_eight_are_followed_by_zeros(data: bytes, start: int, stop: int) -> None:
    start, stop = min(start, len(data)), min(stop, len(data))
    expected = int.from_bytes(data[start : min(stop, start + 8)], "little")
    assert int(of.upto_eight_at(array(data), start, max(start, stop))) == expected


@settings(deadline=None)
@given(TEXT, TEXT)
def test_lines_and_their_ends(text: str, after: str) -> None:
    data, stop = array((text + after).encode()), len(text.encode())
    assert byte_at(data, 0, stop, 10) == (text.encode() + b"\n").index(b"\n")
    lines, i = [], 0
    while i < stop:
        end, i_next = break_at(data, i, stop, class_table())
        lines.append(data[i:end].tobytes().decode())
        i = i_next
    assert lines == text.splitlines()
    hashed, chars = digest(data, 0, stop)
    alone, _ = digest(array(text.encode()), 0, stop)
    assert (hashed, chars) == (alone, len(text))


def test_a_digest_tells_zeros_from_nothing() -> None:
    texts = [b"", b"\0", b"\0" * 8, b"\0" * 9, b"a", b"a\0", b"aaaaaaaa", b"aaaaaaaa\0", b"\0aaaaaaaa"]
    assert len({int(digest(array(text), 0, len(text))[0]) for text in texts}) == len(texts)


def test_every_phrase_of_c4_has_one_of_the_rare_triples() -> None:
    padding = b" " * 12
    for phrase, _ in PHRASES:
        for text in (phrase, phrase.upper(), phrase.replace("k", "\u212a")):
            for shift in range(8):
                data = b" " * shift + text.encode()
                assert may_hold_phrase(array(data + padding), 0, len(data))
    assert not may_hold_phrase(array(b"nothing of this kind, in any case" + padding), 0, 33)
