"""Street addresses in Chinese, Japanese and Korean, from the largest place to the house number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.recognizer import Candidate, Hit, Page, Recognizer

_PLACE = r"\u4e00-\u9fff々ァ-ヶー" + "の"
_DIGIT = "[0-9０-９]"
_DASH = "[-－−‐ー]"
_CHINESE = re.compile(
    rf"(?:(?![住在是的于於为為])[{_PLACE}]){{2,24}}(?:路|街|大道|巷|弄|里|村|胡同)(?:[东西南北中]|[一二三四五六七八九十]段)?"
    rf"{_DIGIT}{{1,5}}(?:{_DASH}{_DIGIT}{{1,4}})?[号號](?:{_DIGIT}{{1,4}}(?:号楼|號樓|单元|栋|幢|座|楼|樓|室|层)|之{_DIGIT})*"
)
_JAPANESE = re.compile(
    rf"(?:〒 ?\d{{3}}-\d{{4}} ?)?[{_PLACE}]{{2,24}}(?:{_DIGIT}{{1,3}}|[一二三四五六七八九十])(?:"
    rf"丁目(?:{_DIGIT}{{1,4}}(?:番地?|{_DASH}){_DIGIT}{{0,4}}号?)?|番地(?:の?{_DIGIT}{{1,4}})?|番{_DIGIT}{{1,4}}号)"
)
_KOREAN = re.compile(
    r"(?:[가-힣]{1,7}(?:시|도|군|구|읍|면) ){1,4}[가-힣0-9]{1,10}(?:로|길) ?\d{1,4}(?:-\d{1,4})?"
    r"(?:번길 ?\d{1,4}(?:-\d{1,4})?)?(?:,? \d{1,4}(?:동|호|층))*"
)
_BODY = re.compile("[省市区區県县都道府]|시|도")  # what makes it an address beyond doubt
_NUMERALS = frozenset("0123456789０１２３４５６７８９一二三四五六七八九十")
BEHIND, AHEAD = 96, 60  # bytes

_HAN = ("丁目", "番地", "号", "號")
_HANGUL = tuple(f"{end} {digit}" for end in ("로", "길") for digit in "123456789")


class EasternAddress(Recognizer):
    """Place, street and number with their signs: 路…号, 丁目, 番地, 로, 길 (.6; with a city, a prefecture or a province .85)."""

    types: ClassVar[tuple[str, ...]] = ("street_address",)
    words: ClassVar[tuple[str, ...]] = _HAN + _HANGUL
    whole: ClassVar[bool] = False

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """Around each sign of a number of a house or a block."""
        done = 0
        for place in candidates:
            if place.start < done:
                continue
            before = page.before(place.row, place.start, BEHIND)
            if place.word < len(_HAN) and before[-1:] not in _NUMERALS:  # 信号, 符号: most of them
                continue
            text = before + page.after(place.row, place.start, AHEAD)
            patterns = (_CHINESE, _JAPANESE) if place.word < len(_HAN) else (_KOREAN,)
            found = next((f for f in (_last(p, text, len(before)) for p in patterns) if f), None)
            if found is None:
                continue
            start = place.start - len(before.encode()) + len(text[: found.start()].encode())
            done = start + len(found[0].encode())
            yield Hit(place.row, start, done, "street_address", 0.85 if _BODY.search(found[0]) else 0.6)


def _last(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str] | None:
    """The place of a pattern that holds the character `at`."""
    return next((found for found in pattern.finditer(text) if found.start() < at < found.end()), None)
