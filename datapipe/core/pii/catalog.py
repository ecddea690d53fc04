"""The types of personal data: their names in recipes, what stands for them in texts, which are looked for by default."""

from __future__ import annotations

from typing import NamedTuple


class EntityType(NamedTuple):
    """tag: what a mask shows. default: looked for where the recipe names no types. about: one line for people."""

    tag: str
    default: bool
    about: str


# Off by default is what is right of ordinary prose, too: names, places and dates of people who are in the news, in books
# and in history. Whoever asks for them takes them all out.
TYPES: dict[str, EntityType] = {
    "email": EntityType("EMAIL", True, "e-mail addresses"),
    "phone": EntityType("PHONE_NUMBER", True, "phone numbers, international and national"),
    "ip": EntityType("IP_ADDRESS", True, "IPv4 (ip.v4) and IPv6 (ip.v6) addresses that are routed on the internet"),
    "mac": EntityType("MAC_ADDRESS", True, "hardware addresses of network devices"),
    "credit_card": EntityType("CREDIT_CARD", True, "payment card numbers with a right Luhn digit"),
    "iban": EntityType("IBAN", True, "international bank account numbers with right check digits"),
    "crypto_wallet": EntityType("CRYPTO_WALLET", True, "addresses of cryptocurrency wallets"),
    "national_id": EntityType("NATIONAL_ID", True, "numbers of persons by country (national_id.us_ssn, …)"),
    "url_credentials": EntityType("URL_WITH_CREDENTIALS", True, "URLs with a user and a password"),
    "password": EntityType("PASSWORD", True, "values given to a password in text, settings or code"),
    "api_key": EntityType("API_KEY", True, "keys and tokens of services"),
    "private_key": EntityType("PRIVATE_KEY", True, "private keys in PEM blocks"),
    "user_name": EntityType("USER_NAME", False, "@names"),
    "person": EntityType("PERSON", False, "names of persons, by titles, cues and lists of names"),
    "street_address": EntityType("STREET_ADDRESS", False, "street addresses, by words for streets"),
    "date_of_birth": EntityType("DATE_OF_BIRTH", False, "dates beside words for a birth"),
    "coordinates": EntityType("COORDINATES", False, "geographic coordinates with four decimals or more, or in degrees"),
}


def parent(name: str) -> str:
    """The type that `a.b` is a kind of: `a`."""
    return name.partition(".")[0]
