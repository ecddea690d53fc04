"""Personal data found and taken out of texts, with the evidence."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field, PrivateAttr, model_validator

from datapipe.arrow.text import column_of, text_of, valid_of
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError, did_you_mean
from datapipe.core.operator import FilePath, Filter
from datapipe.core.pii.catalog import TYPES, parent
from datapipe.core.pii.finder import Finder
from datapipe.core.pii.recognizers import Settings, recognizers
from datapipe.core.pii.scrubbing import Scrubber
from datapipe.core.pii.treatment import Action, Key, Treatment
from datapipe.core.verdict import Verdict

MIN_KEY = 16  # bytes: a shorter one can be found by trying


class PiiScrub(Filter):
    """Find personal data by shape, check digits and context, and mask, replace, hash or remove it, or drop the document.

    Every entity is evidence in the table `pii/`: type, place before and after, score, and a salted hash of its value, by
    which `datapipe report` knows values that many documents hold. The same value gets the same replacement in every
    document, on any number of workers. Texts that this step has been through are not changed by it again.
    """

    name: ClassVar[str] = "pii_scrub"
    reads: ClassVar[tuple[str, ...]] = ("text", "lang")
    writes: ClassVar[Mapping[str, pa.DataType]] = {"text": pa.large_string()}
    finds_entities: ClassVar[bool] = True
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {},
        {"entities": "all", "method": "replace", "min_score": 0.3},
        {"entities": {"email": {"action": "drop_document"}}},
    )

    entities: Mapping[str, Treatment] = Field(
        description="types to look for: a list, `all`, or a map from types to what is done to each "
        "(an action, or {action, above, otherwise, min_score, tag}); types: " + ", ".join(TYPES),
    )
    method: Action = Field("mask", description="what is done to types to which the map says nothing")
    min_score: float = Field(0.5, ge=0, le=1, description="lowest score of a hit, where its type has none of its own")
    max_entities: int | None = Field(None, ge=0, description="a document with more of all types together is dropped")
    regions: tuple[str, ...] = Field(
        ("US",), description="countries whose national phone numbers are known where a row's language tells none"
    )
    private_addresses: bool = Field(False, description="also IP addresses that are not routed on the internet")
    key_file: FilePath | None = Field(None, description="file of a secret key for hashes, 16 bytes or more")
    key_env: str | None = Field(None, description="environment variable that holds the key, 16 bytes or more")
    values: bool = Field(False, description="write the values themselves into pii/, too")

    _scrubber: Scrubber | None = PrivateAttr(None)

    @model_validator(mode="before")
    @classmethod
    def _in_full(cls, data: Any) -> Any:
        """The types with their treatments, however few words the recipe needs for them."""
        if not isinstance(data, Mapping):
            return data
        named = data.get("entities")
        if named is None:
            named = [name for name, kind in TYPES.items() if kind.default]
        elif named == "all":
            named = list(TYPES)
        elif isinstance(named, str):
            named = [named]
        if not isinstance(named, Mapping):
            named = dict.fromkeys(named)
        for name in named:
            if parent(str(name)) not in TYPES:
                raise ValueError(f"entities: no type {name}{did_you_mean(str(name), list(TYPES))}")
        method = {"action": data["method"]} if "method" in data else {}
        given = {
            name: method if said is None else {**method, **said} if isinstance(said, Mapping) else said
            for name, said in named.items()
        }
        return {**data, "entities": given}

    @model_validator(mode="after")
    def _one_key(self) -> PiiScrub:
        if self.key_file is not None and self.key_env is not None:
            raise ValueError("key_file and key_env: one key, from a file or from the environment; give one of them")
        hashed = [name for name, treatment in self.entities.items() if treatment.in_text == "hash"]
        if hashed and self.key_file is None and self.key_env is None:
            raise ValueError(
                f"entities.{hashed[0]}: hash needs a secret key: key_file: PATH or key_env: NAME. Without one, whoever "
                "has the recipe finds a value by trying"
            )
        return self

    def files(self) -> tuple[str, ...]:
        """The key is no model: neither its path nor its digest is told in plan and manifest."""
        return ()

    def facts(self, ctx: Context) -> Mapping[str, Any]:
        """Whether there is a key, and a sign that changes with it: runs under two keys never mix their work."""
        key = self._secret(ctx)
        return (
            {} if key is None else {"pii_key": hashlib.blake2b(key, digest_size=6, person=b"datapipe sign").hexdigest()}
        )

    def remarks(self) -> tuple[str, ...]:
        """What anyone who reads the evidence could do with it."""
        if self.key_file is None and self.key_env is None:
            return (
                "pii/ names values by a hash salted with the recipe's seed: for one that nobody can try out, give key_env",
            )
        return ()

    def setup(self, ctx: Context) -> None:
        """Make the recognizers of the types asked for."""
        key = self._secret(ctx)
        named = Key(key if key is not None else b"seed" + ctx.seed.to_bytes(8, "big"))
        found = recognizers(self.entities, Settings(self.regions, self.private_addresses))
        least = {name: self.min_score if t.min_score is None else t.min_score for name, t in self.entities.items()}
        tags = {treatment.tag for treatment in self.entities.values() if treatment.tag}
        self._scrubber = Scrubber(Finder(found, least, sorted(tags)), self.entities, named, self.values)

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """All documents in one pass; what follows costs only where something is found."""
        assert self._scrubber is not None, "setup was not called"
        column = batch.column("text")
        scrubbed = self._scrubber.scrub(text_of(column), batch.column("lang").to_pylist())
        counts = {name: np.zeros(batch.num_rows) for name in self.entities}
        for change in scrubbed.changes:
            counts[change.type if change.type in counts else parent(change.type)][change.row] += 1
        total = sum(counts.values(), np.zeros(batch.num_rows))
        failed = {
            f"{name}_found": counts[name] > treatment.above
            for name, treatment in self.entities.items()
            if treatment.action == "drop_document"
        }
        if self.max_entities is not None:
            failed["max_entities"] = total > self.max_entities
        if scrubbed.changes:
            column = column_of(*scrubbed.text, valid_of(column))
        return Verdict(
            batch.num_rows, failed, {"entities": total, **counts}, {"text": column}, entities=scrubbed.entities
        )

    def _secret(self, ctx: Context) -> bytes | None:
        if self.key_file is not None:
            with ctx.open(self.key_file) as stream:
                key, place = stream.read().strip(), self.key_file
        elif self.key_env is not None:
            key, place = os.environ.get(self.key_env, "").strip().encode(), f"the environment variable {self.key_env}"
        else:
            return None
        if len(key) < MIN_KEY:
            raise RecipeError(
                f"{place}: expected a key of {MIN_KEY} bytes or more, found {len(key)}; a shorter one is found by trying"
            )
        return key
