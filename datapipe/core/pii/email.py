"""E-mail addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.recognizer import Candidate, Hit, Page, Recognizer
from datapipe.kernels.candidates import AT

_LOCAL = re.compile(rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}\Z")
_DOMAIN = re.compile(rb"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9-])")


class Email(Recognizer):
    """Addresses of the form `local@domain.tld` (RFC 5322, dot-atom), with the limits of RFC 5321, 4.5.3.1."""

    types: ClassVar[tuple[str, ...]] = ("email",)
    kinds: ClassVar[tuple[int, ...]] = (AT,)

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """One look to the left and one to the right of each at sign."""
        for at in candidates:
            domain = _DOMAIN.match(page.data, at.end, min(page.offsets[at.row + 1], at.end + 255))
            if domain is None:
                continue
            local = _LOCAL.search(page.data, max(page.offsets[at.row], at.start - 64), at.start)
            if local is not None:
                yield Hit(at.row, local.start(), domain.end(), "email", 1.0)
