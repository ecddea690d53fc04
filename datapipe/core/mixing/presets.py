"""Published mixtures: the shares of a training stream's tokens by source, as their papers give them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """A published mixture.

    source   where the figures stand
    weights  name of the source there -> its share, in percent or in tokens; they are normalised where they are used
    """

    source: str
    weights: Mapping[str, float]


PRESETS: Mapping[str, Preset] = {
    "gpt3": Preset(
        "Brown et al. 2020 (arXiv:2005.14165), table 2.2, weight in training mix; rounded there, so that they sum to 101 %",
        {"CommonCrawl": 60, "WebText2": 22, "Books1": 8, "Books2": 8, "Wikipedia": 3},
    ),
    "llama": Preset(
        "Touvron et al. 2023 (arXiv:2302.13971), table 1, sampling proportion",
        {"CommonCrawl": 67, "C4": 15, "Github": 4.5, "Wikipedia": 4.5, "Books": 4.5, "ArXiv": 2.5, "StackExchange": 2},
    ),
    "massivetext": Preset(
        "Gopher: Rae et al. 2021 (arXiv:2112.11446), table 2, sampling proportion",
        {"MassiveWeb": 48, "Books": 27, "C4": 10, "News": 10, "GitHub": 3, "Wikipedia": 2},
    ),
    "pile": Preset(
        "Gao et al. 2020 (arXiv:2101.00027), table 1, weight: the share of bytes after the epochs given there",
        {
            "Pile-CC": 18.11, "PubMed Central": 14.40, "Books3": 12.07, "OpenWebText2": 10.01, "ArXiv": 8.96, "Github": 7.59,
            "FreeLaw": 6.12, "Stack Exchange": 5.13, "USPTO Backgrounds": 3.65, "PubMed Abstracts": 3.07,
            "Gutenberg (PG-19)": 2.17, "OpenSubtitles": 1.55, "Wikipedia (en)": 1.53, "DM Mathematics": 1.24,
            "Ubuntu IRC": 0.88, "BookCorpus2": 0.75, "EuroParl": 0.73, "HackerNews": 0.62, "YoutubeSubtitles": 0.60,
            "PhilPapers": 0.38, "NIH ExPorter": 0.30, "Enron Emails": 0.14,
        },
    ),
    "palm": Preset(
        "Chowdhery et al. 2022 (arXiv:2204.02311), table 2, proportion of data",
        {"Social media": 50, "Webpages": 27, "Books": 13, "GitHub": 5, "Wikipedia": 4, "News": 1},
    ),
    "slimpajama": Preset(
        "Soboleva et al. 2023, cerebras/SlimPajama-627B, dataset card: proportions after deduplication",
        {"CommonCrawl": 52.2, "C4": 26.7, "GitHub": 5.2, "ArXiv": 4.6, "Books": 4.2, "Wikipedia": 3.8, "StackExchange": 3.3},
    ),
    "olmo": Preset(
        "Groeneveld et al. 2024 (arXiv:2402.00838), table 2, and Soldaini et al. 2024 (arXiv:2402.00159), table 1: billions of "
        "tokens of Dolma, of which OLMo was trained on a sample of 2T in these proportions",
        {"Common Crawl": 2180, "GitHub": 342, "Reddit": 80, "Semantic Scholar": 57, "Project Gutenberg": 5.2, "Wikipedia": 3.7},
    ),
}  # fmt: skip
