"""What becomes of an entity, and how a value is called without being told."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from datapipe.core.pii.catalog import parent
from datapipe.core.pii.made_up.reserved import is_made_up
from datapipe.core.pii.made_up.synthetic import synthetic
from datapipe.core.pii.made_up.tags import hashed, mask

Action = Literal["mask", "replace", "hash", "remove", "drop_document", "report"]


class Treatment(BaseModel):
    """What is done to the entities of a type."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Action = Field(
        "mask",
        description="mask: a tag of the type; replace: a made-up value of the same form; hash: a tag with a keyed hash; "
        "remove: nothing; drop_document: the document goes; report: the text stays, the evidence is written",
    )
    above: int = Field(0, ge=0, description="drop_document: so many entities of the type a document may have")
    otherwise: Literal["mask", "replace", "hash", "remove", "report"] = Field(
        "mask", description="drop_document: what is done in documents that have no more than that"
    )
    min_score: float | None = Field(None, ge=0, le=1, description="lowest score of a hit; null: the step's min_score")
    tag: str | None = Field(None, min_length=1, description="text of a mask; null: <TYPE>")

    @model_validator(mode="before")
    @classmethod
    def _action_alone(cls, value: Any) -> Any:
        return {"action": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _nothing_in_vain(self) -> Treatment:
        """What an action does not look at is a mistake, and text would stay or go that was not meant to."""
        if self.action != "drop_document" and (self.above or self.otherwise != "mask"):
            word = "above" if self.above else "otherwise"
            raise ValueError(f"{word} belongs to action: drop_document; {self.action} is done to every hit")
        if self.tag is not None and self.in_text != "mask":
            raise ValueError(f"tag is the text of a mask; {self.in_text} writes none")
        return self

    @property
    def in_text(self) -> str:
        """The action on the text of documents that stay."""
        return self.otherwise if self.action == "drop_document" else self.action


class Key:
    """Calls values by a keyed hash, so that equal values have equal names and none tells its value."""

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.blake2b(key, digest_size=32).digest()

    def digest(self, kind: str, value: str) -> str:
        """32 hexadecimal digits: of equal values, however they are written, the same."""
        plain = f"{parent(kind)}\0{canonical(kind, value)}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(plain, key=self._key, digest_size=16).hexdigest()


def canonical(kind: str, value: str) -> str:
    """A value as it is compared: without what only the way of writing adds."""
    if parent(kind) in ("phone", "credit_card", "iban", "national_id", "mac"):
        return "".join(sign for sign in value.casefold() if sign.isalnum())
    if parent(kind) in ("password", "api_key", "private_key", "crypto_wallet"):
        return value
    return " ".join(value.casefold().split())


def replacement(treatment: Treatment, kind: str, value: str, digest: str) -> str:
    """What stands in the text instead of a value; the same for equal values."""
    match treatment.in_text:
        case "mask":
            return treatment.tag or mask(kind)
        case "hash":
            return hashed(kind, digest)
        case "replace":
            new = synthetic(kind, value, digest)
            return new if is_made_up(kind, new) else mask(kind)  # a value of another form than its type's
        case "remove":
            return ""
        case _:
            return value
