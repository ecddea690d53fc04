"""The class table against Python's own predicates, over every code point."""

import sys
import unicodedata

import numpy as np

from datapipe.kernels import classes
from datapipe.kernels.classes import HEAD, class_table
from datapipe.kernels.decode import class_at, code_points
from datapipe.kernels.hashing import hash_of, slot_of, word_table


def test_every_code_point_has_the_class_python_gives_it() -> None:
    table = class_table()
    for point in range(sys.maxunicode + 1):
        if 0xD800 <= point < 0xE000:
            continue
        c = chr(point)
        kind = int(table[HEAD + (int(table[point >> 8]) << 8) + (point & 255)])
        expected = c.isspace() * classes.SPACE | c.isalpha() * classes.ALPHA | c.isdecimal() * classes.DECIMAL
        expected |= (len(f"{c}a".splitlines()) == 2) * classes.BREAK
        expected |= (unicodedata.category(c)[0] == "P") * classes.PUNCTUATION
        seen = classes.SPACE | classes.ALPHA | classes.DECIMAL | classes.BREAK | classes.PUNCTUATION
        assert kind & seen == expected, hex(point)


def test_decoding_walks_every_length_of_code_point() -> None:
    text = "a\x00é߿ࠀ한\uffff\U00010000\U0010ffff"
    data = np.frombuffer(text.encode(), np.uint8)
    table = class_table()
    at, sizes = 0, []
    while at < len(data):
        kind, size = class_at(data, at, table)
        point = ord(text[len(sizes)])
        assert kind == table[HEAD + (int(table[point >> 8]) << 8) + (point & 255)]
        sizes.append(size)
        at += size
    assert sizes == [len(c.encode()) for c in text]
    assert code_points(data, 0, len(data)) == len(text)


def test_a_table_finds_its_words_and_no_others() -> None:
    words = ["the", "be", "to", "of", "naïve", "漢字", ""]
    table = word_table(words)

    def has(word: str) -> bool:
        data = np.frombuffer(word.encode(), np.uint8)
        return bool(table[slot_of(table, len(table), np.uint64(hash_of(data, 0, len(data))))])

    assert all(map(has, words))
    assert not any(map(has, ["The", "bee", "o", "\x00", "naive"]))
