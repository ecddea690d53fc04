"""All recognizers of the house."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from datapipe.core.pii.catalog import parent
from datapipe.core.pii.contact.email import Email
from datapipe.core.pii.contact.handles import UserName
from datapipe.core.pii.contact.obfuscated_email import ObfuscatedEmail
from datapipe.core.pii.contact.phone import Phone
from datapipe.core.pii.contact.url_credentials import UrlCredentials
from datapipe.core.pii.national_ids.recognizer import NationalId
from datapipe.core.pii.numbers.cards import CreditCard
from datapipe.core.pii.numbers.coordinates import Coordinates, Degrees
from datapipe.core.pii.numbers.crypto import CryptoWallet
from datapipe.core.pii.numbers.iban import Iban
from datapipe.core.pii.numbers.mac import MacAddress
from datapipe.core.pii.numbers.network import IpAddress
from datapipe.core.pii.people.addresses import StreetAddress, StreetAddressByEnding
from datapipe.core.pii.people.dates_of_birth import DateOfBirth
from datapipe.core.pii.people.eastern_addresses import EasternAddress
from datapipe.core.pii.people.eastern_persons import EasternPerson
from datapipe.core.pii.people.persons import Person
from datapipe.core.pii.people.presidio import Presidio, PresidioOptions
from datapipe.core.pii.recognizer import Recognizer
from datapipe.core.pii.secrets.assigned_keys import AssignedKeys
from datapipe.core.pii.secrets.passwords import Passwords
from datapipe.core.pii.secrets.private_keys import PrivateKeys
from datapipe.core.pii.secrets.service_keys import ServiceKeys

PLAIN: tuple[type[Recognizer], ...] = (  # which need no settings
    Email,
    ObfuscatedEmail,
    UrlCredentials,
    UserName,
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
    ServiceKeys,
    AssignedKeys,
    Passwords,
    PrivateKeys,
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
        (Phone, partial(Phone, settings.regions)),
    ]
    if settings.presidio is not None:
        makers.append((Presidio, partial(Presidio, settings.presidio)))
    return [make() for one, make in makers if wanted & {parent(name) for name in one.types}]
