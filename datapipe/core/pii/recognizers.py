"""All recognizers of the house."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from datapipe.core.pii.addresses import StreetAddress, StreetAddressByEnding
from datapipe.core.pii.cards import CreditCard
from datapipe.core.pii.catalog import parent
from datapipe.core.pii.coordinates import Coordinates, Degrees
from datapipe.core.pii.crypto import CryptoWallet
from datapipe.core.pii.dates_of_birth import DateOfBirth
from datapipe.core.pii.eastern_addresses import EasternAddress
from datapipe.core.pii.eastern_persons import EasternPerson
from datapipe.core.pii.email import Email
from datapipe.core.pii.iban import Iban
from datapipe.core.pii.mac import MacAddress
from datapipe.core.pii.national_ids import NationalId
from datapipe.core.pii.network import IpAddress
from datapipe.core.pii.persons import Person
from datapipe.core.pii.presidio import Presidio, PresidioOptions
from datapipe.core.pii.recognizer import Recognizer

PLAIN: tuple[type[Recognizer], ...] = (  # which need no settings
    Email,
    MacAddress,
    CreditCard,
    Iban,
    CryptoWallet,
    NationalId,
    DateOfBirth,
    Coordinates,
    Degrees,
    Person,
    EasternPerson,
    StreetAddress,
    StreetAddressByEnding,
    EasternAddress,
)


class Settings(NamedTuple):
    """What recipes say about recognizers.

    regions         countries (ISO 3166) whose national phone numbers are known where the language of a row tells none
    private         also addresses that are not routed on the internet
    presidio        what Presidio looks for; None: it does not run
    """

    regions: tuple[str, ...] = ("US",)
    private: bool = False
    presidio: PresidioOptions | None = None


def recognizers(types: Iterable[str], settings: Settings) -> list[Recognizer]:
    """Those that find these types, or kinds of them; others are not made, for some read lists of thousands of words."""
    wanted = {parent(name) for name in types}
    makers: list[tuple[type[Recognizer], Callable[[], Recognizer]]] = [
        *((one, one) for one in PLAIN),
        (IpAddress, partial(IpAddress, settings.private)),
    ]
    if settings.presidio is not None:
        makers.append((Presidio, partial(Presidio, settings.presidio)))
    return [make() for one, make in makers if wanted & {parent(name) for name in one.types}]
