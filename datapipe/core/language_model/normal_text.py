"""Text as CCNet's language models see it: lower case, no accents, every digit 0, plain punctuation, one line."""

from __future__ import annotations

import unicodedata

# Typographic punctuation and what stands for it (facebookresearch/cc_net, cc_net/text_normalizer.py). Its entry for the
# full-width digit １ never applies: digits are 0 by then.
PUNCTUATION = {
    "，": ",", "。": ".", "、": ",", "„": '"', "”": '"', "“": '"', "«": '"', "»": '"', "」": '"', "「": '"', "《": '"',
    "》": '"', "´": "'", "∶": ":", "：": ":", "？": "?", "！": "!", "（": "(", "）": ")", "；": ";", "–": "-",
    "—": " - ", "．": ". ", "～": "~", "’": "'", "…": "...", "━": "-", "〈": "<", "〉": ">", "【": "[", "】": "]",
    "％": "%", "►": "-",
}  # fmt: skip


class _Characters(dict[int, str]):
    """What becomes of a character; found out when it is first met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        category = unicodedata.category(char)
        if category == "Mn" or code < 32 or 127 <= code < 160:
            found = ""
        elif category == "Nd":  # what `\d` matches
            found = "0"
        else:
            found = PUNCTUATION.get(char, char)
        self[code] = found
        return found


_CHARACTERS = _Characters()


def normal_text(text: str) -> str:
    """The text as facebookresearch/cc_net normalises it (cc_net/text_normalizer.py, `normalize` with its defaults).

    Strip, lower case, NFD without non-spacing marks, digits to 0, typographic punctuation to ASCII, without control
    characters. Newlines are control characters: the lines of a text become one, joined without a space.
    """
    text = text.strip().lower()
    if not text.isascii():
        text = unicodedata.normalize("NFD", text)
    return text.translate(_CHARACTERS)
