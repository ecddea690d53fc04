"""What a run publishes is what a stream gives, and one step costs little of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from datapipe.core.errors import StreamFailed
from datapipe.stream import Stream
from tests.conftest import Runs
from tests.tokens import lay_out, recipe, texts

ROWS = [{"id": f"doc{i}", "text": "some text " * (i % 7), "n": i} for i in range(400)]
RECIPE = """
read: {{jsonl: a.jsonl, columns: {{n: n}}}}
write: [{{path: out, shard_size: 4kB{}}}, {{path: further, shard_size: 20kB}}]
"""


@pytest.fixture
def corpus(runs: Runs) -> Runs:
    runs.jsonl("a.jsonl", ROWS)
    return runs


def test_the_published_order(corpus: Runs) -> None:
    manifest = corpus(RECIPE.format(""))
    files = [corpus.folder / "out" / f["path"] for f in manifest["outputs"][0]["files"]]
    assert len(files) > 3
    published = [row for file in files for row in pq.read_table(file).column("id").to_pylist()]
    for folder in ("out", "further"):  # each has a manifest of its own
        stream = Stream(corpus.folder / folder, 8)
        assert [name for batch in stream for name in batch["id"].to_pylist()] == published
        assert [segment.rows for segment in stream.segments] == [400]
    assert Stream(corpus.folder / "out", 8).state_dict() != Stream(corpus.folder / "further", 8).state_dict()


def test_a_folder_that_moved_and_one_that_is_not_finished(corpus: Runs) -> None:
    corpus(RECIPE.format(""))
    state = Stream(corpus.folder / "out", 8).state_dict(step=7)
    moved = (corpus.folder / "out").rename(corpus.folder / "moved")
    stream = Stream(moved, 8)
    stream.load_state_dict(state)
    assert next(iter(stream))["id"].to_pylist() == [f"doc{i}" for i in range(56, 64)]
    (moved / "manifest.json").unlink()
    with pytest.raises(StreamFailed, match="`datapipe run` the recipe to its end"):
        Stream(moved, 8)


def test_sequences_come_in_small_row_groups(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datapipe.engine.pack.PIECE", 1000)
    rows = texts(240)
    lay_out(runs, rows)
    groups = {}
    for out, form, steps in [
        ("text", "parquet", ""),
        ("sequences", "{parquet: {columns: [input_ids]}}", "{hashed: {size: 32}}"),
        ("large", "{parquet: {columns: [input_ids], row_group: 64}}", "{hashed: {size: 32}}"),
    ]:
        runs(recipe(form, steps), out)
        file = pq.ParquetFile(runs.folder / out / "data/part-00000.parquet")
        groups[out] = file.metadata.num_row_groups
    assert groups["text"] == groups["large"] == 1
    assert groups["sequences"] > 1
    sequences = [batch["input_ids"] for batch in Stream(runs.folder / "sequences", 48, columns=["input_ids"])]
    assert [array.shape for array in sequences] == [(48, 32)] * 5
    published = [row["input_ids"] for row in runs.table("data", "sequences")]
    np.testing.assert_array_equal(np.concatenate(sequences), published)


def test_any_rank_of_any_step(corpus: Runs, tmp_path: Path) -> None:
    corpus(RECIPE.format(", format: {parquet: {row_group: 1}}"))
    ranks = [Stream(corpus.folder / "out", 5, rank, 4, columns=["id"]) for rank in range(4)]
    found = np.concatenate([batch["id"].to_pylist() for s in ranks for batch in s.batches([13])])
    assert found.tolist() == [f"doc{i}" for i in range(260, 280)]


CURRICULUM = """
datasets:
  web: {read: {jsonl: web.jsonl}}
  code: {read: {jsonl: code.jsonl}}
  all:
    from: [web, code]
    steps:
      - curriculum:
          unit: documents
          max_epochs: 2
          stages:
            - {name: general, budget: 1500, weights: {web: 0.8, code: 0.2}}
            - {name: anneal, budget: 600, weights: {web: 0.3, code: 0.7}}
write: {dataset: all, path: out, shard_size: 8kB}
"""


def test_stages_of_a_curriculum(runs: Runs) -> None:
    for source in ("web", "code"):
        runs.jsonl(f"{source}.jsonl", [{"id": f"{source}{i}", "text": f"{source} {i} " * 3} for i in range(1500)])
    order = runs(CURRICULUM)["outputs"][0]["order"]["segments"]
    whole = Stream(runs.folder / "out", 5, 2, 4)
    assert [(s.name, s.first_row, s.rows) for s in whole.segments] == [
        (s["name"], s["first_row"], s["rows"]) for s in order
    ]
    assert [s.rows for s in whole.segments] == pytest.approx([1500, 600], abs=2)
    border = whole.segments[1].first_row
    stages = [
        stage for batch in Stream(runs.folder / "out", 1, columns=["stage"]) for stage in batch["stage"].to_pylist()
    ]
    assert stages == ["general"] * border + ["anneal"] * (len(stages) - border)
    for name, share in (("general", 0.8), ("anneal", 0.3)):
        # the mix of every step of 100 rows, as drawn by lot at most: four standard deviations
        steps = Stream(runs.folder / "out", 100, segments=name, columns=["source"])
        webs = [batch["source"].to_pylist().count("web") / 100 for batch in steps]
        assert len(webs) >= 5
        np.testing.assert_allclose(webs, share, atol=4 * np.sqrt(share * (1 - share) / 100))
