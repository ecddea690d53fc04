"""Sentences under an n-gram model in KenLM's tables, with back-off.

Not word by word with a state as KenLM walks (lm/model.cc): all words of a block go through one table after another, so
that the look-ups of one order do not wait for each other. A model of 2 GB is in no cache, and each look-up a miss.
"""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import kernel
from datapipe.kernels.kenlm_tables import SIGN, Entries, Words, longer, probe, remainder

BLOCK = 1 << 10  # words; their working arrays stay in the nearest cache

_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@kernel
def score_sentences(
    words: Words, offsets: npt.NDArray[np.int64], memory: Entries, tables: npt.NDArray[np.int64],
    slots: npt.NDArray[np.int64], first: np.uint32, single: bool, sums: npt.NDArray[np.float64],
) -> None:  # fmt: skip
    """log10 of the probability of each sentence words[offsets[i]:offsets[i + 1]], which begins with <s>.

    memory  the model, with the table of each order n at tables[n] (in numbers of 4 bytes), of slots[n] entries
    first   the number of <s>        single  sums are rounded to float32 after each word, as kenlm's are
    """
    order = len(tables) - 1
    key = np.empty(BLOCK, np.uint64)
    left = np.empty(BLOCK, np.int64)  # words that a longer n-gram may end with
    slot = np.empty(BLOCK, np.int64)
    near = np.empty(BLOCK, np.uint32)
    length = np.empty(BLOCK, np.int64)  # of the longest n-gram found
    bits = np.empty(BLOCK, np.uint32)
    backoff = np.empty((BLOCK + 1, order), np.uint32)  # by length, of n-grams that end with the word before a word
    backoff[0, :] = SIGN
    values, weights = bits.view(np.float32), backoff.view(np.float32)
    sentence = 0
    total = 0.0
    for start in range(0, len(words), BLOCK):
        size = min(BLOCK, len(words) - start)
        many = 0
        for i in range(size):
            word = words[start + i]
            at = tables[1] + np.int64(2) * np.int64(word)
            key[i] = word
            length[i] = 1
            bits[i] = memory[at] | SIGN
            backoff[i + 1, 0] = memory[at + 1]
            for n in range(1, order):
                backoff[i + 1, n] = SIGN
            if memory[at] & SIGN == 0 and word != first:
                left[many] = i
                many += 1
        for n in range(2, order + 1):
            table, width = tables[n], 4 if n < order else 3
            divisor = np.uint64(slots[n])
            inverse = _ALL // divisor
            asked = 0
            for j in range(many):
                left[asked] = left[j]
                asked += backoff[left[j], n - 2] != SIGN  # else nothing goes on from the words before
            for j in range(asked):
                i = left[j]
                key[i] = longer(key[i], words[start + i - n + 1])
                slot[j] = table + width * np.int64(remainder(key[i], divisor, inverse))
                near[j] = memory[slot[j]]  # brought near, for all at once
            staying = 0
            for j in range(asked):
                i = left[j]
                at = probe(memory, table, slots[n], width, key[i], slot[j])
                if at < 0:
                    continue
                length[i] = n
                bits[i] = memory[at] | SIGN
                if n < order:
                    backoff[i + 1, n - 1] = memory[at + 1]
                    if memory[at] & SIGN == 0:
                        left[staying] = i
                        staying += 1
            many = staying
        for i in range(size):
            while sentence < len(sums) and start + i == offsets[sentence + 1]:
                sums[sentence] = total
                total = 0.0
                sentence += 1
            if start + i == offsets[sentence]:
                continue  # <s> is given
            found = values[i]
            for n in range(length[i], order):
                found += weights[i, n - 1]
            total = np.float64(np.float32(np.float32(total) + found)) if single else total + np.float64(found)
        for n in range(order):
            backoff[0, n] = backoff[size, n]
    if sentence < len(sums):
        sums[sentence] = total
