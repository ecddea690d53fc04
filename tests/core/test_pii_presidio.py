"""Presidio: its types as ours, characters as bytes; with the package, a model of three rules through a whole run."""

import io
import socket
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from datapipe.arrow.text import text_of
from datapipe.core.context import Context
from datapipe.core.errors import MissingDependency, RecipeError
from datapipe.core.pii.catalog import TYPES, parent
from datapipe.core.pii.finder import Finder
from datapipe.core.pii.people import presidio
from datapipe.core.pii.people.presidio import TYPES_OF, PresidioOptions, byte_places, pieces, presidio_facts
from datapipe.core.pii.recognizers import Settings, recognizers
from datapipe.ops.pii_scrub import PiiScrub

CONTEXT = Context("pii", 1, lambda path: io.BytesIO())


def test_every_type_is_one_of_ours() -> None:
    assert {parent(kind) for kind in TYPES_OF.values()} <= set(TYPES)


def test_bytes_of_characters() -> None:
    text = "aé王😀\0b"
    assert byte_places(text).tolist() == [len(text[:n].encode()) for n in range(len(text) + 1)]
    assert byte_places("").tolist() == [0]


@pytest.mark.parametrize("sign", ["\n\n", "\n", " ", "x"])
def test_pieces_end_with_paragraphs(sign: str) -> None:
    text = ("word" + sign) * 1000
    parts = list(pieces(text, 100))
    assert "".join(parts) == text
    assert max(map(len, parts)) <= 100
    assert all(part.endswith(sign) for part in parts if sign != "x")
    assert list(pieces("", 100)) == []


def test_unknown_types_are_refused() -> None:
    with pytest.raises(ValueError, match="no type of Presidio that is one here: PERSONS; did you mean PERSON"):
        PresidioOptions(entities=("PERSONS",))
    with pytest.raises(ValueError, match=r"presidio\.entities: PERSON is person here, and entities does not name it"):
        PiiScrub.model_validate({"presidio": {}})


def test_what_is_absent_is_named_before_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    step = PiiScrub.model_validate({"entities": ["person"], "presidio": {"model": "xx_no_such_model"}})
    monkeypatch.setattr(
        presidio, "version", lambda name: {"spacy": "3", "presidio-analyzer": "2"}.get(name) or _absent(name)
    )
    with pytest.raises(
        RecipeError, match="xx_no_such_model is not installed: python -m spacy download xx_no_such_model"
    ):
        step.facts(CONTEXT)
    monkeypatch.setattr(presidio, "version", _absent)
    with pytest.raises(MissingDependency, match=r"pip install 'datapipe\[presidio\]'"):
        step.facts(CONTEXT)


def _absent(name: str) -> str:
    raise presidio.PackageNotFoundError(name)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An installed spaCy model that knows three names by rules; the network is cut off."""
    pytest.importorskip("presidio_analyzer")
    import spacy

    site = tmp_path_factory.mktemp("site")
    nlp = spacy.blank("en", meta={"name": "names_by_rule", "version": "1.2.3"})
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PERSON", "pattern": name} for name in ("Quill Vantor", "Zoë Ümlaut", "Bo Tester")])
    folder = site / "en_names_by_rule"
    folder.mkdir()
    nlp.to_disk(folder / "en_names_by_rule-1.2.3")
    (folder / "meta.json").write_text((folder / "en_names_by_rule-1.2.3/meta.json").read_text())
    (folder / "__init__.py").write_text(
        "from spacy.util import load_model_from_init_py\n\n"
        "def load(**over):\n    return load_model_from_init_py(__file__, **over)\n"
    )
    info = site / "en_names_by_rule-1.2.3.dist-info"
    info.mkdir()
    Path(info / "METADATA").write_text("Metadata-Version: 2.1\nName: en_names_by_rule\nVersion: 1.2.3\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(site))
        patch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("a look into the network"))
        yield "en_names_by_rule"
    sys.modules.pop("en_names_by_rule", None)


def test_facts_name_the_model(model: str) -> None:
    facts = presidio_facts(PresidioOptions(model=model))["presidio"]
    assert facts[model] == "1.2.3"
    assert set(facts) == {model, "spacy", "presidio-analyzer"}


def test_finds_in_bytes(model: str) -> None:
    options = PresidioOptions(model=model, entities=("PERSON", "EMAIL_ADDRESS"))
    made = [one for one in recognizers(["person"], Settings(presidio=options)) if isinstance(one, presidio.Presidio)]
    finder = Finder(made, {"person": 0.5, "email": 0.5})
    texts = [
        "😀 é: Zoë Ümlaut and Quill Vantor",
        "",
        "write to zoë.t@example.org!",
        "Quill Vantor",
        "Quill Vantor" + "\n\nwörd" * 20_000 + "\n\nBo Tester",
    ]
    text = text_of(pa.array(texts, pa.large_string()))
    page, hits = finder.find(text, ["en", None, None, "de", "en"])
    found = [(hit.row, page.data[hit.start : hit.end].decode(), hit.type) for hit in hits]
    assert found == [
        (0, "Zoë Ümlaut", "person"), (0, "Quill Vantor", "person"), (2, "zoë.t@example.org", "email"),
        (4, "Quill Vantor", "person"), (4, "Bo Tester", "person"),
    ]  # fmt: skip


def test_in_a_step(model: str) -> None:
    step = PiiScrub.model_validate({"entities": ["person"], "presidio": {"model": model}})
    step.setup(CONTEXT)
    batch = pa.RecordBatch.from_pydict(
        {
            "text": pa.array(["as Zoë Ümlaut said", "as Mary Testwood said"], pa.large_string()),
            "lang": pa.array(["en", "en"]),
        }
    )
    assert step.judge(batch).columns["text"].to_pylist() == ["as <PERSON> said", "as <PERSON> said"]
