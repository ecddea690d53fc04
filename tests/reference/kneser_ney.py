"""Interpolated modified Kneser-Ney smoothing as its formulas have it, with dictionaries (Chen and Goodman 1998)."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from math import log10

Ngram = tuple[str, ...]


def discounts_of(counts: Sequence[int]) -> tuple[float, float, float]:
    """D1, D2 and D3+ from all counts of an order (equation 26); 0.5, 1 and 1.5 where they are not defined."""
    n1, n2, n3, n4 = (sum(count == j for count in counts) for j in (1, 2, 3, 4))
    if 0 in (n1, n2, n3, n4):
        return 0.5, 1.0, 1.5
    y = n1 / (n1 + 2 * n2)
    found = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
    return found if all(0 <= d <= j for j, d in enumerate(found, 1)) else (0.5, 1.0, 1.5)


def kneser_ney(sentences: list[list[str]], order: int, prune: Sequence[int]) -> dict[Ngram, tuple[float, float]]:
    """log10 of the probability and of the back-off of each n-gram that stays."""
    raw: Counter[Ngram] = Counter()
    before: dict[Ngram, set[str]] = defaultdict(set)
    for sentence in sentences:
        words = ["<s>", *sentence, "</s>"]
        for end in range(1, len(words)):
            for n in range(1, order + 1):
                if n <= end + 1:
                    gram = tuple(words[end + 1 - n : end + 1])
                    raw[gram] += 1
                    if n <= end:
                        before[gram].add(words[end - n])
    adjusted = {g: c if len(g) == order or g[0] == "<s>" else len(before[g]) for g, c in raw.items()}
    kept = {g for g, c in raw.items() if len(g) == 1 or c > prune[len(g) - 1]}
    taken = {n: (0.0, *discounts_of([a for g, a in adjusted.items() if len(g) == n])) for n in range(1, order + 1)}
    after: dict[Ngram, list[Ngram]] = defaultdict(list)
    for gram in adjusted:
        after[gram[:-1]].append(gram)
    total = {context: sum(adjusted[g] for g in grams) for context, grams in after.items()}
    gamma = {
        context: sum(
            taken[len(context) + 1][min(adjusted[g], 3)] if g in kept else adjusted[g] for g in grams
        ) / total[context]
        for context, grams in after.items()
    }  # fmt: skip
    words = [g for g in adjusted if len(g) == 1]
    each = gamma[()] / (len(words) + 1)  # an equal share for every word and <unk>
    probability: dict[Ngram, float] = {("<unk>",): each, ("<s>",): 1.0}
    for gram in sorted(kept, key=len):
        own = (adjusted[gram] - taken[len(gram)][min(adjusted[gram], 3)]) / total[gram[:-1]]
        lower = each if len(gram) == 1 else gamma[gram[:-1]] * probability[gram[1:]]
        probability[gram] = own + lower
    return {g: (log10(p), log10(gamma.get(g, 1.0)) if g else 0.0) for g, p in probability.items()}
