"""Numbers of payment cards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.lookalikes import is_dumped, is_named_after
from datapipe.core.pii.numbers.checks import luhn
from datapipe.core.pii.recognizer import Candidate, Hit, Page, Recognizer, cue
from datapipe.kernels.candidates import NUMBER

_CUE = cue(
    *("card", "cards", "cardnumber", "card_number", "cardno", "cc", "ccn", "pan", "visa", "mastercard", "maestro", "amex"),
    *("american express", "discover", "diners", "jcb", "unionpay", "rupay", "mir", "credit", "debit", "charge", "payment"),
    *("karte", "kreditkarte", "kartennummer", "carte", "carte bancaire", "tarjeta", "carta di credito", "carta", "cartão"),
    *("kaart", "creditcard", "karta", "karty", "kartę", "kort", "kortti", "kart", "kartı", "карта", "карты", "карте", "картка"),
    *("بطاقة", "कार्ड", "信用卡", "银行卡", "卡号", "卡號", "カード", "카드", "บัตร"),
)  # fmt: skip
_OTHER = cue(
    *("id", "ids", "uid", "uuid", "guid", "hash", "key", "tracking", "order", "invoice", "barcode", "imei", "imsi", "iccid"),
    *("isbn", "ean", "gtin", "serial", "timestamp", "time", "bytes", "tweet", "status", "account", "seed", "random", "sum"),
    *("int", "long", "max", "min", "uint64", "int64", "offset", "inode", "tel", "phone", "fax", "rechnung", "sendung", "init"),
    *("pixel", "pub", "fbq", "video", "photo", "post", "profile", "user", "item", "product", "ad", "client", "app", "page"),
)  # fmt: skip
_TIME = re.compile(rb"1[0-9]{12}\Z|(?:19|20)[0-9]{12}\Z")  # milliseconds since 1970; year, month … second
_GROUP = re.compile(rb"[0-9]+")
_LONG = re.compile(rb"(?<![0-9])[0-9]{14,19}(?![0-9])")
_SIGNS = (b" ", b"-", b"\xc2\xa0", b"\xe2\x80\xaf", b"\xe2\x80\x90", b"\xe2\x80\x91")  # between groups
_SHAPES = frozenset(((4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (4, 4, 5), (4, 5, 6)))
_CODE = re.compile(rb"\s(?=[A-Fa-f]{0,4}[0-9])(?=[0-9]{0,4}[A-Fa-f])[0-9A-Fa-f]{4,5}\s")
_PRINTED = (14, 15, 19)  # 4-6-4, 4-6-5, 4-4-4-4-3: groups that little else has
_BESIDE = re.compile(rb"[A-Za-z0-9_][-_./+=%]|[.,%$\\_@&#]\Z|/", re.ASCII)


def _issuers() -> dict[str, tuple[frozenset[int], frozenset[int]]]:
    """For the first four digits the lengths of cards: those that a number alone may have, those that need a word with it.

    ISO/IEC 7812; ranges as the card schemes publish them.
    """
    table: dict[str, tuple[frozenset[int], frozenset[int]]] = {}
    for first, last, alone, with_word in (
        (4000, 4999, (16,), (13, 19)),  # Visa
        (5100, 5599, (16,), ()),  # Mastercard
        (2221, 2720, (16,), ()),
        (3400, 3499, (15,), ()),  # American Express
        (3700, 3799, (15,), ()),
        (6011, 6011, (16,), (19,)),  # Discover
        (6440, 6599, (16,), (19,)),
        (3528, 3589, (16,), (17, 18, 19)),  # JCB
        (1800, 1800, (), (15,)),
        (2131, 2131, (), (15,)),
        (3000, 3059, (), (14, 16, 19)),  # Diners Club
        (3095, 3095, (), (14, 16, 19)),
        (3600, 3699, (), (14, 16, 19)),
        (3800, 3999, (), (14, 16, 19)),
        (6200, 6299, (16,), (17, 18, 19)),  # UnionPay
        (8100, 8199, (), (16, 17, 18, 19)),
        (2200, 2204, (16,), (17, 18, 19)),  # Mir
        (6000, 6010, (), (16,)),  # RuPay
        (6012, 6099, (), (16,)),
        (8200, 8299, (), (16,)),
        (5000, 5099, (), tuple(range(12, 20))),  # Maestro
        (5600, 5899, (), tuple(range(12, 20))),
        (6300, 6399, (), tuple(range(12, 20))),
        (6700, 6799, (), tuple(range(12, 20))),
        (9792, 9792, (), (16,)),  # Troy
    ):
        for prefix in range(first, last + 1):
            table[str(prefix)] = (frozenset(alone), frozenset(with_word))
    return table


_ISSUERS = _issuers()


class CreditCard(Recognizer):
    """Numbers of 12 to 19 digits with an issuer's prefix, its length and a right Luhn digit (ISO/IEC 7812-1, annex B).

    One number in ten has a right Luhn digit, so digits of rare lengths, and of issuers that are not known, count beside a
    word for cards only.
    """

    types: ClassVar[tuple[str, ...]] = ("credit_card",)
    kinds: ClassVar[tuple[int, ...]] = (NUMBER,)

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """Looks at each group of digits, and at groups of the shapes that are printed on cards."""
        for place in candidates:
            if place.digits < 12:
                continue
            if place.digits == place.end - place.start:  # one group
                spans = [(place.start, place.end)] if place.digits < 20 else []
            else:
                spans = list(_spans(page.data, place.start, place.end))
            for start, end in spans:
                hit = self._weigh(page, place.row, start, end)
                if hit is not None:
                    yield hit

    def _weigh(self, page: Page, row: int, start: int, end: int) -> Hit | None:
        written = page.data[start:end]
        digits = written if written.isdigit() else b"".join(_GROUP.findall(written))
        grouped = len(digits) < len(written)
        if not luhn(digits) or len(set(digits)) < 2 or _TIME.match(digits):
            return None
        alone, with_word = _ISSUERS.get(digits[:4].decode(), (frozenset(), frozenset()))
        before = page.before(row, start)
        named = is_named_after(before[-40:])
        beside = _BESIDE.search(page.data, max(page.offsets[row], start - 2), start) is not None
        after = page.after(row, end, 8)
        if re.match(r"[A-Za-z0-9_%]|[.,][0-9]|-[\w]|[-+*/^]?=", after):
            beside = True
        cued = _CUE.search(before) is not None and not named
        if cued and (len(digits) in alone or len(digits) in with_word):
            score = 0.85 if beside else 1.0
        elif cued:
            score = 0.4 if beside or _OTHER.search(before) else 0.6
        elif len(digits) not in alone and not (grouped and len(digits) in with_word and len(digits) in _PRINTED):
            return None
        elif named or beside or _among_numbers(page, row, start, end) or _is_other(page, row, start, end, grouped):
            score = 0.4
        else:
            score = 0.8 if grouped and len(digits) in alone else 0.6
        return Hit(row, start, end, "credit_card", score)


def _is_other(page: Page, row: int, start: int, end: int, grouped: bool) -> bool:
    """Whether a word for other numbers stands before digits in a row, or codes with letters beside groups of four.

    Groups are printed of cards, whatever word is near; but of tables of characters and dumps of bytes, too.
    """
    if not grouped:
        return _OTHER.search(page.before(row, start)) is not None
    near = page.data[max(page.offsets[row], start - 40) : min(page.offsets[row + 1], end + 40)]
    return is_dumped(page, row, start) or _CODE.search(near) is not None


def _among_numbers(page: Page, row: int, start: int, end: int) -> bool:
    """Whether a number of this size beside it has no right Luhn digit: in a list of such numbers one in ten has."""
    before = page.data[max(page.offsets[row], start - 80) : start]
    after = page.data[end : min(page.offsets[row + 1], end + 80)]
    return any(not luhn(number) for part in (before, after) for number in _LONG.findall(part))


def _spans(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Single groups of 12 to 19 digits, and runs of groups with one sign between that have the shape of a card."""
    run: list[tuple[int, int]] = []
    sign = b""
    for match in _GROUP.finditer(data, start, end):
        first, last = match.span()
        if 12 <= last - first <= 19:
            yield first, last
        between = data[run[-1][1] : first] if run else b""
        if between == sign and run:
            run.append((first, last))
        else:
            yield from _printed(run)
            run = [run[-1], (first, last)] if between in _SIGNS else [(first, last)]
            sign = between
    yield from _printed(run)


def _printed(run: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    # Groups of four before or after make it a table, or an account. Three digits or a date may follow a card.
    if not 3 <= len(run) <= 12:
        return
    sizes = (0, *(last - first for first, last in run), 0)
    for count in (5, 4, 3):
        for first in range(1, len(run) - count + 2):
            after = first + count
            if sizes[first:after] in _SHAPES and 4 not in (sizes[first - 1], sizes[after]):
                yield run[first - 1][0], run[after - 2][1]
