"""Texts that were scrubbed are not changed by scrubbing them again, and the evidence says exactly what was changed."""

import itertools
import random
import time

import pyarrow as pa
import pytest

from datapipe.arrow.text import Text, text_of
from datapipe.core.pii.catalog import TYPES
from datapipe.core.pii.finder import Finder
from datapipe.core.pii.replacing.scrubbing import Scrubbed, Scrubber
from datapipe.core.pii.replacing.treatment import Key, Treatment
from tests.reference.pii import VALUES, Greedy

ACTIONS = ["mask", "replace", "hash", "remove", "drop_document", "report"]
TAGS = [None, "[gone]", "x", "5", "a@b.cd", "555 1234 999"]
GLUE = ["", "", " ", ".", "-", "1", " pw=", "@", "é", "<", ">", "\n", "(", "Dr. ", "/", ":", "\0", "<EMAIL>", "e"]


def strings(text: Text) -> list[str]:
    offsets = text.offsets.tolist()
    return [text.data[a:b].tobytes().decode() for a, b in itertools.pairwise(offsets)]


def scrub(scrubber: Scrubber, texts: list[str]) -> Scrubbed:
    return scrubber.scrub(text_of(pa.array(texts, pa.large_string())), [None] * len(texts))


def scrubber(treatments: dict[str, Treatment], least: float = 0.5) -> Scrubber:
    tags = [treatment.tag for treatment in treatments.values() if treatment.tag]
    return Scrubber(Finder([Greedy()], dict.fromkeys(treatments, least), tags), treatments, Key(b"k" * 16), True)


def glued(rng: random.Random) -> str:
    parts = []
    for _ in range(rng.randint(1, 14)):
        value = rng.choice(VALUES[rng.choice(list(VALUES))])
        cut = rng.randint(0, len(value)) if rng.random() < 0.3 else 0
        parts += [value[cut:] if rng.random() < 0.5 else value[: len(value) - cut], rng.choice(GLUE)]
    return "".join(parts)


def holds(texts: list[str], scrubbed: Scrubbed) -> None:
    """The evidence is exact: what it does not name stays, and each entity stands where it says, before and after."""
    for text, after, entities in zip(texts, strings(scrubbed.text), scrubbed.entities.to_pylist(), strict=True):
        here, built = 0, []
        for entity in entities:
            assert text[entity["start"] : entity["end"]] == entity["value"]
            built += [text[here : entity["start"]], after[entity["start_after"] : entity["end_after"]]]
            here = entity["end"]
        assert "".join([*built, text[here:]]) == after


@pytest.mark.parametrize("seed", range(40))
def test_scrubbing_twice_changes_nothing(seed: int) -> None:
    rng = random.Random(seed)
    types = rng.sample(list(TYPES), rng.randint(1, len(TYPES)))
    same = rng.choice([*ACTIONS[:4], None, None])
    treatments = {}
    for name in types:
        action = same or rng.choice(ACTIONS)
        tag = rng.choice(TAGS) if action == "mask" else None
        otherwise = rng.choice(["mask", "replace", "remove", "report"])
        treatments[name] = Treatment(
            action=action, tag=tag, otherwise=otherwise if action == "drop_document" else "mask"
        )
    this = scrubber(treatments, rng.choice([0, 0.5, 0.6]))
    texts = [glued(rng) for _ in range(10)]
    once = scrub(this, texts)
    holds(texts, once)
    assert strings(scrub(this, strings(once.text)).text) == strings(once.text)
    row = rng.randrange(len(texts))  # and no row depends on its neighbours
    assert strings(scrub(this, [texts[row]]).text) == [strings(once.text)[row]]


def test_a_removal_that_brings_digits_together_is_one_change() -> None:
    this = scrubber({"email": Treatment(action="remove"), "phone": Treatment(action="mask")})
    texts = ["call 5551 a@b.test234 or not"]
    once = scrub(this, texts)
    holds(texts, once)
    assert strings(scrub(this, strings(once.text)).text) == strings(once.text)
    assert "5551" not in strings(once.text)[0] or "234" not in strings(once.text)[0]


def test_a_made_up_value_that_is_something_else_becomes_a_tag() -> None:
    """Here every word of 20 signs is a key, also a made-up host; a replacement inside which a hit lies gives way."""
    this = scrubber({"iban": Treatment(action="replace"), "credit_card": Treatment(action="remove")}, 0.0)
    once = scrub(this, ["DE29293762918739730130 x", "nothing"])
    assert once.changes
    assert "DE29" not in strings(once.text)[0]
    assert strings(once.text)[1] == "nothing"
    assert strings(scrub(this, strings(once.text)).text) == strings(once.text)


def test_reported_entities_stay_and_are_evidence() -> None:
    this = scrubber({"email": Treatment(action="report"), "phone": Treatment(action="mask")})
    once = scrub(this, ["a@b.test, 212-867-4309"])
    assert strings(once.text) == ["a@b.test, <PHONE_NUMBER>"]
    assert [(e["type"], e["action"]) for e in once.entities[0].as_py()] == [("email", "report"), ("phone", "mask")]


def test_texts_without_hits_are_the_same_bytes() -> None:
    texts = ["", "plain words only", "日本語 " * 50, "\0"]
    once = scrub(scrubber({"email": Treatment(action="remove")}), texts)
    assert strings(once.text) == texts
    assert not once.changes
    assert once.entities.to_pylist() == [[], [], [], []]


def test_many_changes_that_bring_about_others_end_soon() -> None:
    """One value beside another, all removed: every removal brings the next two together."""
    this = scrubber({"phone": Treatment(action="remove"), "email": Treatment(action="remove")})
    text = "".join(f"12{i % 10}a@b.te " for i in range(3000))
    started = time.process_time()
    once = scrub(this, [text])
    assert time.process_time() - started < 20
    assert "@" not in strings(once.text)[0]
    assert strings(scrub(this, strings(once.text)).text) == strings(once.text)
