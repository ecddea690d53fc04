"""Found entities beside labelled ones: precision and recall by type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from datapipe.core.pii.catalog import TYPES, parent

# What the labelled sets and the tools of the field call the types: Presidio, presidio-research, Dolma, BigCode, TAB.
ALIASES: Mapping[str, str] = {
    "email_address": "email", "e_mail": "email",
    "phone_number": "phone", "telephone": "phone", "telephone_number": "phone", "mobile": "phone", "fax": "phone",
    "ipv4": "ip", "ipv6": "ip", "ip_address": "ip", "ip_v4": "ip", "ip_v6": "ip",
    "mac_address": "mac",
    "credit_card_number": "credit_card", "card_number": "credit_card", "creditcard": "credit_card",
    "iban_code": "iban", "iban_number": "iban",
    "btc_address": "crypto_wallet", "crypto": "crypto_wallet", "bitcoin_address": "crypto_wallet",
    "us_ssn": "national_id", "ssn": "national_id", "us_itin": "national_id", "uk_nhs": "national_id",
    "es_nif": "national_id", "it_fiscal_code": "national_id", "pl_pesel": "national_id",
    "in_aadhaar": "national_id", "in_pan": "national_id", "sg_nric_fin": "national_id",
    "url_with_credentials": "url_credentials",
    "secret_key": "api_key", "secret": "api_key", "key": "api_key", "token": "api_key", "access_token": "api_key",
    "username": "user_name", "user": "user_name", "handle": "user_name",
    "name": "person", "per": "person", "person_name": "person", "full_name": "person",
    "address": "street_address", "street": "street_address",
    "birth_date": "date_of_birth", "dob": "date_of_birth", "birthdate": "date_of_birth",
    "gps": "coordinates", "gps_coordinates": "coordinates", "lat_long": "coordinates",
}  # fmt: skip


class Span(NamedTuple):
    """An entity in a text: its type by the names of the catalog, characters from the text's start."""

    type: str
    start: int
    end: int


@dataclass
class Measure:
    """How labels and hits of a type meet: over half of the shorter of the two, and with the same borders.

    gold     labels      found  of them those that a hit of their type meets      found_exact  … at the same borders
    covered  of them those that any hit meets, of whatever type: what scrubbing takes out
    hits     hits in documents whose labels are complete      right  of them those that meet a label
    """

    gold: int = 0
    found: int = 0
    found_exact: int = 0
    covered: int = 0
    hits: int = 0
    right: int = 0
    right_exact: int = 0

    def plain(self) -> dict[str, Any]:
        """Counts and shares; null where nothing can be divided."""
        shares: dict[str, float | None] = {}
        for exact in ("", "_exact"):
            recall = _share(getattr(self, f"found{exact}"), self.gold)
            precision = _share(getattr(self, f"right{exact}"), self.hits)
            both = recall is not None and precision is not None and recall + precision > 0
            f1 = 2 * precision * recall / (precision + recall) if both else None  # type: ignore[operator]  # both are numbers
            shares |= {f"precision{exact}": precision, f"recall{exact}": recall, f"f1{exact}": f1}
        return {**asdict(self), **shares, "recall_any_type": _share(self.covered, self.gold)}


def type_of(label: str, more: Mapping[str, str]) -> str | None:
    """The type of the catalog that a label means, kinds (`ip.v4`) by their type; None: no type is called so."""
    name = label.strip().casefold().replace("-", "_").replace(" ", "_")
    name = more.get(label, more.get(name, ALIASES.get(name, name)))
    return parent(name) if parent(name) in TYPES else None


def compare(
    labels: Sequence[Span], hits: Sequence[Span], recall_only: bool, measures: dict[str, Measure]
) -> tuple[list[Span], list[Span]]:
    """Count one document's labels and hits by type; the labels that no hit meets, and the hits that meet no label.

    recall_only  not everything is labelled there, so its hits say nothing of precision, and none is called false
    """
    missed: list[Span] = []
    false: list[Span] = []
    everything = sorted(hits, key=lambda span: (span.start, span.end))
    for kind in {span.type for span in (*labels, *hits)}:
        mine = sorted(span for span in labels if span.type == kind)
        theirs = sorted(span for span in hits if span.type == kind)
        measure = measures.setdefault(kind, Measure())
        measure.gold += len(mine)
        same = set(mine) & set(theirs)
        measure.found_exact += sum(span in same for span in mine)
        lost = _unmet(mine, theirs)
        measure.found += len(mine) - len(lost)
        measure.covered += len(mine) - len(_unmet(lost, everything))
        missed += lost
        if not recall_only:
            wrong = _unmet(theirs, mine)
            measure.hits += len(theirs)
            measure.right += len(theirs) - len(wrong)
            measure.right_exact += sum(span in same for span in theirs)
            false += wrong
    return sorted(missed), sorted(false)


def _unmet(spans: Iterable[Span], others: Sequence[Span]) -> list[Span]:
    """Those that share less than half of the shorter one with each of the others; both sorted by their starts."""
    left = []
    first = 0
    for span in spans:
        while first < len(others) and others[first].end <= span.start:
            first += 1
        if not any(_meet(span, other) for other in _from(others, first, span.end)):
            left.append(span)
    return left


def _from(others: Sequence[Span], first: int, stop: int) -> Iterable[Span]:
    while first < len(others) and others[first].start < stop:
        yield others[first]
        first += 1


def _meet(one: Span, other: Span) -> bool:
    shared = min(one.end, other.end) - max(one.start, other.start)
    return 2 * shared >= min(one.end - one.start, other.end - other.start)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
