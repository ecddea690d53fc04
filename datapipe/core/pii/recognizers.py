"""All recognizers of the house."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from datapipe.core.pii.addresses import StreetAddress, StreetAddressByEnding
from datapipe.core.pii.catalog import parent
from datapipe.core.pii.eastern_addresses import EasternAddress
from datapipe.core.pii.eastern_persons import EasternPerson
from datapipe.core.pii.email import Email
from datapipe.core.pii.persons import Person
from datapipe.core.pii.presidio import Presidio, PresidioOptions
from datapipe.core.pii.recognizer import Recognizer


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
    """Those that find these types, or kinds of them."""
    wanted = {parent(name) for name in types}
    made: list[Recognizer] = [
        Email(),
        Person(),
        EasternPerson(),
        StreetAddress(),
        StreetAddressByEnding(),
        EasternAddress(),
    ]
    if settings.presidio is not None:
        made.append(Presidio(settings.presidio))
    return [one for one in made if wanted & {parent(name) for name in one.types}]
