"""fastText's training on one thread, in plain Python: the whole file, number by number."""

from __future__ import annotations

import math
import re
import struct
from collections import Counter
from collections.abc import Sequence

import numpy as np

F = np.float32
PRIME = 2**31 - 1
SPACE = re.compile("[ \n\r\t\v\f\0]+")
LOSSES = {"hs": 1, "softmax": 3, "ova": 4}
LOGISTIC = [F(1 / (1 + float(np.exp(F(8) - F(i) / F(32))))) for i in range(513)]


def trained(texts: Sequence[str], labels: Sequence[Sequence[str]], s) -> bytes:  # type: ignore[no-untyped-def]
    """The model's file; `s` are FastTextSettings."""
    lines = [(words_of(text), list(names)) for text, names in zip(texts, labels, strict=True)]
    lines = [([*words, "</s>"], names) for words, names in lines if words]
    counts = Counter(word for words, _ in lines for word in words)
    words = {word: i for i, (word, n) in enumerate(by_count(counts)) if n >= s.min_count}
    label_counts = by_count(Counter(name for _, names in lines for name in names))
    numbers = {name: i for i, (name, _) in enumerate(label_counts)}
    bucket = s.bucket if s.word_ngrams > 1 or s.maxn else 0
    matrix = uniform(len(words) + bucket, s.dim, s.seed)
    output = np.zeros((len(numbers), s.dim), F)
    paths = huffman_paths([n for _, n in label_counts])
    random = Random(s.seed)
    tokens = sum(len(words) + len(names) for words, names in lines)
    done = waiting = at = 0
    while done < s.epoch * tokens:
        line, names = lines[at % len(lines)]
        at += 1
        rate = F(s.lr * (1.0 - float(F(done) / F(s.epoch * tokens))))
        rows = rows_of(line, words, s.minn, s.maxn, s.word_ngrams, bucket)
        targets = [numbers[name] for name in names]
        if rows:
            learn(rows, targets, rate, s.loss, matrix, output, paths, random)
        waiting += len(line) + len(names)
        if waiting > s.lr_update_rate:
            done, waiting = done + waiting, 0
    entries = [(word, counts[word], 0) for word in words] + [(f"__label__{name}", n, 1) for name, n in label_counts]
    numbers_of = (s.dim, 5, s.epoch, s.min_count, 5, s.word_ngrams, LOSSES[s.loss], 3, bucket, s.minn, s.maxn)
    return b"".join(
        [
            struct.pack("<2i12id", 793712314, 12, *numbers_of, s.lr_update_rate, 1e-4),
            struct.pack("<3i2q", len(entries), len(words), len(numbers), tokens, -1),
            *(word.encode() + struct.pack("<xqb", n, kind) for word, n, kind in entries),
            *(struct.pack("<?2q", False, *m.shape) + m.astype("<f4").tobytes() for m in (matrix, output)),
        ]
    )


def words_of(text: str) -> list[str]:
    found = [word for word in SPACE.split(text) if word]
    if "</s>" in found:
        found = found[: found.index("</s>")]
    return [word for word in found if not word.startswith("__label__")]


def by_count(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: -item[1])  # of equals the first seen


def fnv(data: bytes) -> int:
    h = 2166136261
    for byte in data:
        h = ((h ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619) & 0xFFFFFFFF
    return h


def rows_of(line: list[str], words: dict[str, int], minn: int, maxn: int, word_ngrams: int, bucket: int) -> list[int]:
    rows = []
    for word in line:
        if word in words:
            rows.append(words[word])
        if word != "</s>" and maxn:
            ends = f"<{word}>"
            for i in range(len(ends)):
                rows += [
                    len(words) + fnv(ends[i : i + n].encode()) % bucket
                    for n in range(max(minn, 1), maxn + 1)
                    if i + n <= len(ends) and not (n == 1 and i in (0, len(ends) - 1))
                ]
    hashes = [h - 2**32 if h >= 2**31 else h for h in (fnv(word.encode()) for word in line)]
    for i in range(len(hashes)):
        h = hashes[i] % 2**64
        for j in range(i + 1, min(i + word_ngrams, len(hashes))):
            h = (h * 116049371 + hashes[j]) % 2**64
            rows.append(len(words) + h % bucket)
    return rows


class Random:
    """`minstd_rand`, and a choice of n."""

    def __init__(self, seed: int) -> None:
        self.state = max(seed % PRIME, 1)

    def draw(self) -> int:
        self.state = self.state * 48271 % PRIME
        return self.state - 1

    def choice(self, n: int) -> int:
        width = (PRIME - 2) // n
        while (drawn := self.draw()) >= n * width:
            pass
        return drawn // width


def uniform(rows: int, dim: int, seed: int) -> np.ndarray:
    size, reach = rows * dim, float(F(1 / dim))
    out = []
    for part, n in enumerate([size // 10] * 10 + [size % 10]):
        random = Random(seed + part)
        for _ in range(n):
            share = (float(random.draw()) + float(random.draw()) * (PRIME - 1.0)) / ((PRIME - 1.0) * (PRIME - 1.0))
            out.append(F(share * (2 * reach) - reach))
    return np.array(out, F).reshape(rows, dim)


def huffman_paths(counts: list[int]) -> list[list[tuple[int, bool]]]:
    """Of each label the inner nodes from below, and whether it is on their right."""
    leaves = list(range(len(counts)))
    inner: list[int] = []
    weight = dict(enumerate(counts))
    paths: list[list[tuple[int, bool]]] = [[] for _ in counts]
    below = {leaf: [leaf] for leaf in leaves}
    for node in range(len(counts), 2 * len(counts) - 1):
        pair = [
            leaves.pop() if leaves and (not inner or weight[leaves[-1]] < weight[inner[0]]) else inner.pop(0)
            for _ in range(2)
        ]
        for side, child in enumerate(pair):
            for leaf in below[child]:
                paths[leaf].append((node - len(counts), bool(side)))
        weight[node], below[node] = sum(weight[c] for c in pair), below[pair[0]] + below[pair[1]]
        inner.append(node)
    return paths


def dot(a: np.ndarray, b: np.ndarray) -> F:
    total = F(0)
    for product in a * b:
        total += product
    return total


def learn(rows, targets, rate, loss, matrix, output, paths, random) -> None:  # type: ignore[no-untyped-def]
    hidden = np.zeros(matrix.shape[1], F)
    for row in rows:
        hidden += matrix[row]
    hidden *= F(1 / len(rows))
    grad = np.zeros_like(hidden)

    def move(row: int, wanted: bool, chance: F) -> None:
        alpha = rate * (F(wanted) - chance)
        grad[:] += alpha * output[row]
        output[row] += alpha * hidden

    def decide(row: int, wanted: bool) -> None:
        x = dot(hidden, output[row])
        move(row, wanted, F(x > 0) if abs(x) > 8 else LOGISTIC[int((x + F(8)) * F(32))])

    if loss == "ova":
        for label in range(len(output)):
            decide(label, label in targets)
    else:
        target = targets[random.choice(len(targets))]
        if loss == "hs":
            for node, right in paths[target]:
                decide(node, right)
        else:
            scores = [dot(hidden, vector) for vector in output]
            powers = [F(math.exp(float(score - max(scores)))) for score in scores]
            total = F(0)
            for power in powers:
                total += power
            for label, power in enumerate(powers):
                move(label, label == target, power / total)
    grad *= F(1 / len(rows))
    for row in rows:
        matrix[row] += grad
