"""Published policies: the same texts as the tools they come from leave (golden_pii.json)."""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from datapipe.arrow.text import Text, text_of
from datapipe.core.pii.published.bigcode import V4, V6, BigCode
from datapipe.core.pii.published.bloom import Bloom
from datapipe.core.pii.published.dolma import TAGS, Dolma
from datapipe.core.pii.published.fineweb import ADDRESSES, EMAILS, FineWeb
from datapipe.core.pii.published.policy import Policy
from datapipe.core.pii.recognizer import Hit, Page
from datapipe.core.pii.replacing.scrubbing import Scrubbed
from datapipe.core.pii.replacing.settling import Change
from datapipe.core.pii.replacing.treatment import Key
from datapipe.ops.pii_scrub import PiiScrub
from tests.ops.test_pii_scrub import judge

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden_pii.json").read_text())
KINDS = ("email", "phone", "ip.v4")


def strings(text: Text) -> list[str]:
    offsets = text.offsets.tolist()
    return [text.data[a:b].tobytes().decode() for a, b in itertools.pairwise(offsets)]


def scrub(policy: type[Policy], texts: list[str]) -> tuple[Scrubbed, list[Hit]]:
    return policy(Key(b"k" * 16)).scrub(text_of(pa.array(texts, pa.large_string())), [None] * len(texts))


def any_of(text: str) -> str:
    """A text in which all replacements of FineWeb are alike."""
    text = re.sub("|".join(map(re.escape, EMAILS)), "\1", text)
    return re.sub("|".join(map(re.escape, ADDRESSES)), "\2", text)


def mixed(text: str, spans: list[list[int]]) -> str:
    """A text after Dolma's mixer: of spans that overlap the one that starts first, then the first in the list."""
    out, here = [], 0
    for start, end, kind in sorted(spans, key=lambda span: (span[0], span[2])):
        if start >= here:
            out += [text[here:start], TAGS[KINDS[kind]]]
            here = end
    return "".join([*out, text[here:]])


def test_fineweb_as_datatrove_leaves_it() -> None:
    ours = strings(scrub(FineWeb, GOLDEN["texts"])[0].text)
    assert [any_of(text) for text in ours] == [any_of(text) for text in GOLDEN["fineweb"]]
    assert sum(a != b for a, b in zip(ours, GOLDEN["texts"], strict=True)) > 200


def test_dolma_as_tagger_and_mixer_leave_it() -> None:
    texts = GOLDEN["texts"]
    scrubbed, besides = scrub(Dolma, texts)
    expected = [mixed(text, spans) for text, spans in zip(texts, GOLDEN["dolma"], strict=True)]
    assert strings(scrubbed.text) == expected
    assert len(scrubbed.changes) + len(besides) == sum(map(len, GOLDEN["dolma"]))
    assert besides, "texts in which spans overlap"


def test_bloom_as_its_redaction_leaves_it() -> None:
    ours = strings(scrub(Bloom, GOLDEN["texts"])[0].text)
    assert ours == GOLDEN["bloom"]
    for tag in ("KEY", "EMAIL", "USER", "IP_ADDRESS"):
        assert sum(f"PI:{tag}" in text for text in ours) > 2


class PatternsOnly(BigCode):
    """The part that is published: secrets were found by a model, and here by other recognizers."""

    def _keys(self, page: Page, found: list[Change]) -> Iterator[Change]:
        return iter(())


def test_bigcode_as_its_redaction_leaves_it() -> None:
    def alike(text: str) -> str:
        return re.sub("|".join(map(re.escape, V4)), "\1", re.sub("|".join(map(re.escape, V6)), "\2", text))

    ours = strings(scrub(PatternsOnly, GOLDEN["texts"])[0].text)
    pairs = [(a, b) for a, b in zip(ours, GOLDEN["bigcode"], strict=True) if b is not None]
    assert len(pairs) > 350
    assert [alike(a) for a, _ in pairs] == [alike(b) for _, b in pairs]
    assert sum("<EMAIL>" in a for a, _ in pairs) > 50
    kept = "dial 8.8.4.4 or 10.0.0.1"
    assert strings(scrub(BigCode, [kept, "x 93.184.216.34"])[0].text)[0] == kept
    assert strings(scrub(BigCode, ["x 93.184.216.34"])[0].text)[0].removeprefix("x ") in V4


def test_bloom_replaces_a_value_wherever_its_signs_stand() -> None:
    assert strings(scrub(Bloom, ["see 1.2.3.4 and v11.2.3.45"])[0].text) == ["see PI:IP_ADDRESS and v1PI:IP_ADDRESS5"]


@pytest.mark.parametrize("preset", ["fineweb", "dolma", "bloom", "bigcode"])
def test_the_evidence_of_presets_is_exact(preset: str) -> None:
    texts = GOLDEN["texts"]
    verdict = judge(texts, {"preset": preset, "values": True})
    for text, after, found in zip(
        texts, verdict.columns["text"].to_pylist(), verdict.entities.to_pylist(), strict=True
    ):
        here, built = 0, []
        for one in found:
            assert text[one["start"] : one["end"]] == one["value"]
            built += [text[here : one["start"]], after[one["start_after"] : one["end_after"]]]
            here = one["end"]
        assert "".join([*built, text[here:]]) == after
    assert sum(map(len, verdict.entities.to_pylist())) > 50


def test_dolma_drops_documents_with_more_than_five() -> None:
    for n in (5, 6):
        verdict = judge(["x a@b.com y " * n], {"preset": "dolma"})
        assert verdict.keep.tolist() == [n == 5]
        assert verdict.scores["email"].tolist() == [n]
    assert judge(["a@b.com " * 6], {"preset": "dolma", "max_entities": 9}).keep.tolist() == [True]
    assert PiiScrub(preset="dolma").max_entities is None


def test_fineweb_chooses_by_the_value() -> None:
    texts = [f"write to user{i}@host{i % 7}.org" for i in range(60)]
    first = strings(scrub(FineWeb, texts)[0].text)
    assert strings(scrub(FineWeb, texts[::-1])[0].text) == first[::-1]
    assert {text.removeprefix("write to ") for text in first} == set(EMAILS)


def test_fineweb_twice_changes_nothing_where_values_stand_apart() -> None:
    texts = ["mail ana@web.de, dial 8.8.8.8 or (1.1.1.1); bo@host.org."]
    once = strings(scrub(FineWeb, texts)[0].text)
    assert once != texts
    assert strings(scrub(FineWeb, once)[0].text) == once
