"""Names of persons in Chinese, Japanese and Korean: a listed surname, the given name, and a title or a cue beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.people.names import names
from datapipe.core.pii.recognizer import Candidate, Hit, Page, Recognizer

_HAN = "\u4e00-\u9fff々"
_KANA = "\u3041-\u30ff"
_HANGUL = "\uac00-\ud7a3"
# What may stand between other Chinese words and a name; without it "高级教授" would be one of a Mr. Gao.
_LINKS = "的是和与與由给給对對向叫请請跟及为為让讓找问問被"

_WORDS = "高级|高等|高中|高校|金融|金属|石油|江苏|江西|文学|史学|方法|成人|任何|白人|华人|安全|马来|林业|万名"

_AFTER = (
    "先生", "女士", "小姐", "教授", "博士", "老师", "老師", "同学", "同學", "医生", "醫生", "律师", "律師", "さん", "様", "さま",
    "氏", "くん", "ちゃん", "殿", "選手", "씨", "님", "선생님", "교수", "박사", "기자", "대표", "과장", "부장",
)  # fmt: skip
_BEFORE = (
    "姓名：", "姓名:", "我叫", "名叫", "我的名字是", "联系人：", "联系人:", "作者：", "氏名：", "氏名:", "名前：", "名前:",
    "私の名前は", "名前は", "著者：", "이름:", "이름 :", "성명:", "성명 :", "이름은", "저자:", "작성자:",
)  # fmt: skip


class EasternPerson(Recognizer):
    """A surname, up to three signs of a given name, and a title after it or a cue before it (.6; with a cue .85).

    A surname alone with a title is .4 in Chinese ("王先生"), .6 in Japanese, where it is the usual form.
    """

    types: ClassVar[tuple[str, ...]] = ("person",)
    words: ClassVar[tuple[str, ...]] = _AFTER + _BEFORE
    whole: ClassVar[bool] = False

    def __init__(self) -> None:
        zh, ja, ko = (
            "|".join(sorted(some, key=len, reverse=True))
            for some in (names().chinese, names().japanese, names().korean)
        )
        chinese = rf"(?:(?:(?<![{_HAN}])|(?<=[{_LINKS}]))(?!{_WORDS})(?:{zh})[{_HAN}]{{0,2}}|(?:{zh})[{_HAN}]{{2}})"
        japanese = rf"(?<![{_HAN}])(?:{ja})[ 　]?[{_HAN}{_KANA}]{{0,4}}"
        korean = rf"(?<![{_HANGUL}])(?:{ko})[{_HANGUL}]{{1,2}}"
        self._title = re.compile(rf"(?P<zh>{chinese})\Z|(?P<ja>{japanese})\Z|(?P<ko>{korean}) ?\Z")
        self._name = re.compile(
            rf"[ 　]?(?:(?P<zh>(?:{zh})[{_HAN}]{{1,2}}(?![{_HAN}]))|(?P<ja>(?:{ja})[ 　]?[{_HAN}{_KANA}]{{0,4}}?)"
            rf"(?=で|と|です|[^{_HAN}{_KANA}]|\Z)|(?P<ko>(?:{ko})[{_HANGUL}]{{2}}))"
        )

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """Before each title and after each cue."""
        for place in candidates:
            titled = place.word < len(_AFTER)
            text = page.before(place.row, place.start, 24) if titled else page.after(place.row, place.end, 30)
            found = self._title.search(text) if titled else self._name.match(text)
            if found is None:
                continue
            lang = found.lastgroup or ""
            name = found[lang]
            base = place.start - len(text.encode()) if titled else place.end
            start = base + len(text[: found.start(lang)].encode())
            score = 0.6 if titled else 0.85
            if titled and lang == "zh" and name in names().chinese:
                score = 0.4
            yield Hit(place.row, start, start + len(name.encode()), "person", score)
