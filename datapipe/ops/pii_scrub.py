"""Personal data found and taken out of texts, with the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from phonenumbers import SUPPORTED_REGIONS
from pydantic import Field, PrivateAttr, field_validator, model_validator

from datapipe.arrow.text import Text, column_of, text_of, valid_of
from datapipe.core.context import Context
from datapipe.core.operator import Filter
from datapipe.core.path_parameters import FilePath
from datapipe.core.pii.catalog import TYPES, parent
from datapipe.core.pii.finder import Finder
from datapipe.core.pii.people.presidio import TYPES_OF, PresidioOptions, presidio_facts
from datapipe.core.pii.published.policies import POLICIES, Preset
from datapipe.core.pii.published.policy import Policy
from datapipe.core.pii.recognizer import Hit
from datapipe.core.pii.recognizers import Settings, recognizers
from datapipe.core.pii.replacing.scrubbing import Scrubbed, Scrubber
from datapipe.core.pii.replacing.secret import secret, sign
from datapipe.core.pii.replacing.treatment import Action, Key, Treatment
from datapipe.core.pii.replacing.wanted import Entities, in_full
from datapipe.core.verdict import Verdict

OWN = ("entities", "method", "min_score", "regions", "private_addresses", "presidio")  # what a preset says by itself


class PiiScrub(Filter):
    """Find personal data by shape, check digits and context, and mask, replace, hash or remove it, or drop the document.

    Every entity is evidence in the table `pii/`: type, place before and after, score, and a salted hash of its value, by
    which `datapipe report` knows values that many documents hold. The same value gets the same replacement in every
    document, on any number of workers; with a key, under every step and recipe, too (without one the salt is the
    recipe's seed and the step's label). Texts that this step has been through are not changed by it again.

    Texts as they were before this step stay in work/, in quarantine/ and in the ledger of earlier steps: hand on what is
    published, not the run folder. Documents that this step drops stand in the ledger with their changes.

    `replace` writes values of the same form from reserved ranges: example.com, numbers regulators keep for films,
    192.0.2.0/24, 2001:db8::/32 …; where there is none the value is marked (…madeup). Where a replacement and its
    neighbours would be an entity again, one change covers both.

    `preset` is a published policy instead, with the faults of the original (`datapipe check` tells them):
    fineweb  e-mail and IPv4 addresses as datatrove's PIIFormatter finds and replaces them
    dolma    the tagger pii_regex_with_counts_fast_v2 and its mixing: tags, more than five hits drop the document
    bloom    keys, e-mail addresses, user names and IP addresses as PI:KEY, PI:EMAIL, PI:USER, PI:IP_ADDRESS
    bigcode  <EMAIL>, <KEY>, <PASSWORD>, private IP addresses for public ones; names were found by a model: not here
    """

    name: ClassVar[str] = "pii_scrub"
    reads: ClassVar[tuple[str, ...]] = ("text", "lang")
    writes: ClassVar[Mapping[str, pa.DataType]] = {"text": pa.large_string()}
    finds_entities: ClassVar[bool] = True
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {},
        {"entities": "all", "method": "replace", "min_score": 0.3},
        {"entities": {"email": {"action": "drop_document", "above": 1, "otherwise": "remove"}}, "max_entities": 9},
        *({"preset": name} for name in POLICIES),
    )

    entities: Entities = Field(
        None,
        description="types to look for: a list, `all`, or a map from types to what is done to each (an action, or "
        "{action, above, otherwise, min_score, tag}); kinds of a type as well (ip.v6); null: those that are personal "
        "data wherever they stand. Types: " + ", ".join(name if t.default else f"{name} *" for name, t in TYPES.items())
        + " (* not by default)",
    )  # fmt: skip
    method: Action = Field("mask", description="what is done to types to which the map says nothing")
    preset: Preset | None = Field(None, description="a published policy instead of entities, method and min_score")
    min_score: float = Field(0.5, ge=0, le=1, description="lowest score of a hit, where its type has none of its own")
    max_entities: int | None = Field(None, ge=0, description="a document with more of all types together is dropped")
    regions: tuple[str, ...] = Field(
        ("US",), description="countries whose national phone numbers are known where a row's language tells none"
    )
    private_addresses: bool = Field(False, description="also IP addresses that are not routed on the internet")
    key_file: FilePath | None = Field(None, description="file of a secret key for hashes, 16 bytes or more")
    key_env: str | None = Field(None, description="environment variable that holds the key, 16 bytes or more")
    presidio: PresidioOptions | None = Field(
        None, description="also Microsoft Presidio with a spaCy model: {model, languages, entities, min_score}"
    )
    values: bool = Field(False, description="write the values themselves into pii/, too")

    _scrubber: Scrubber | Policy | None = PrivateAttr(None)

    @model_validator(mode="before")
    @classmethod
    def _in_full(cls, data: Any) -> Any:
        """The types with their treatments, however few words the recipe needs for them."""
        if not isinstance(data, Mapping):
            return data
        if data.get("preset") is None:
            return {**data, "entities": in_full(data.get("entities"), data.get("method"))}
        plain = {name: cls.model_fields[name].get_default() for name in OWN}
        for name in OWN:
            given = data.get(name, plain[name])
            if (tuple(given) if isinstance(given, list) else given) != plain[name]:
                raise ValueError(f"preset and {name}: {data['preset']} says by itself what it finds and does; give one")
        return data

    @field_validator("regions")
    @classmethod
    def _known(cls, regions: tuple[str, ...]) -> tuple[str, ...]:
        for region in regions:
            if region not in SUPPORTED_REGIONS:
                raise ValueError(f"no country {region!r}; they are written as in ISO 3166: US, DE, JP")
        return regions

    @model_validator(mode="after")
    def _one_key(self) -> PiiScrub:
        if self.key_file is not None and self.key_env is not None:
            raise ValueError("key_file and key_env: one key, from a file or from the environment; give one of them")
        hashed = [name for name, treatment in self._treatments().items() if treatment.in_text == "hash"]
        if hashed and self.key_file is None and self.key_env is None:
            raise ValueError(
                f"entities.{hashed[0]}: hash needs a secret key: key_file: PATH or key_env: NAME. Without one, whoever "
                "has the recipe finds a value by trying"
            )
        return self

    @model_validator(mode="after")
    def _presidio_is_asked(self) -> PiiScrub:
        for name in self.presidio.entities if self.presidio is not None else ():
            kind = TYPES_OF[name]
            if kind not in self._treatments() and parent(kind) not in self._treatments():
                raise ValueError(f"presidio.entities: {name} is {kind} here, and entities does not name it")
        return self

    def files(self) -> tuple[str, ...]:
        """The key is no model: its digest is not told in plan and manifest."""
        return ()

    def facts(self, ctx: Context) -> Mapping[str, Any]:
        """A sign that changes with the key, and the versions of a model: runs under two of them never mix their work."""
        told = {} if self.presidio is None else dict(presidio_facts(self.presidio))
        key = secret(ctx, self.key_file, self.key_env)
        return told if key is None else {**told, "pii_key": sign(key)}

    def remarks(self) -> tuple[str, ...]:
        """What is looked for, what a published policy does wrong, and what anyone could do with the evidence."""
        lines = list(POLICIES[self.preset].faults) if self.preset else [_told(self._treatments(), self.min_score)]
        if self.key_file is None and self.key_env is None:
            lines.append(
                "pii/ names values by a hash salted with the recipe's seed: for one that nobody can try out, give key_env"
            )
        if self.values:
            lines.append("pii/ holds the values themselves: keep it as the documents are kept")
        return tuple(lines)

    def setup(self, ctx: Context) -> None:
        """Make the recognizers of the types asked for."""
        given = secret(ctx, self.key_file, self.key_env)
        key = Key(given if given is not None else b"seed" + ctx.seed.to_bytes(8, "big"))
        if self.preset:
            self._scrubber = POLICIES[self.preset](key, self.values)
            return
        treatments = self._treatments()
        found = recognizers(treatments, Settings(self.regions, self.private_addresses, self.presidio))
        least = {name: self.min_score if t.min_score is None else t.min_score for name, t in treatments.items()}
        tags = sorted({treatment.tag for treatment in treatments.values() if treatment.tag})
        self._scrubber = Scrubber(Finder(found, least, tags), treatments, key, self.values)

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """All documents in one pass; what follows costs only where something is found."""
        n, column = batch.num_rows, batch.column("text")
        scrubbed, besides = self._scrub(text_of(column), batch.column("lang").to_pylist())
        named = POLICIES[self.preset].types if self.preset else tuple(self._treatments())
        counts = _counts(n, named, [*((c.row, c.type) for c in scrubbed.changes), *((h.row, h.type) for h in besides)])
        total = sum(counts.values(), np.zeros(n))
        failed = {
            f"{name}_found": counts[name] > treatment.above
            for name, treatment in self._treatments().items()
            if treatment.action == "drop_document"
        }
        if (most := self._most()) is not None:
            failed["max_entities"] = total > most
        if scrubbed.changes:
            column = column_of(*scrubbed.text, valid_of(column))
        scores = {"entities": total, **counts}
        return Verdict(n, failed, scores, {"text": column}, entities=scrubbed.entities)

    def _scrub(self, text: Text, langs: list[str | None]) -> tuple[Scrubbed, list[Hit]]:
        assert self._scrubber is not None, "setup was not called"
        if isinstance(self._scrubber, Policy):
            return self._scrubber.scrub(text, langs)
        return self._scrubber.scrub(text, langs), []

    def _treatments(self) -> Mapping[str, Treatment]:
        return self.entities or {}

    def _most(self) -> int | None:
        """Above how many entities a document is dropped."""
        published = POLICIES[self.preset].most if self.preset else None
        return published if self.max_entities is None else self.max_entities


def _counts(n: int, named: tuple[str, ...], found: Iterable[tuple[int, str]]) -> dict[str, npt.NDArray[np.float64]]:
    """How many of each type a document has; a kind counts for its type where it is not named itself."""
    counts = {name: np.zeros(n) for name in named}
    for row, kind in found:
        counts[kind if kind in counts else parent(kind)][row] += 1
    return counts


def _told(treatments: Mapping[str, Treatment], least: float) -> str:
    """`mask email, phone; remove mac`: what is done to which types, and from which score on."""
    by_action: dict[str, list[str]] = {}
    for name, treatment in treatments.items():
        by_action.setdefault(treatment.action, []).append(name)
    done = "; ".join(f"{action} {', '.join(names)}" for action, names in by_action.items())
    return f"{done}, from a score of {least} on"
