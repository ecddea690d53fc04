"""One rival's de-duplication of a folder, files to files, for dedup.py; runs where that rival is installed.

    rival_dedup.py NAME INPUT OUTPUT     near-datatrove, near-text_dedup, near-rensa, sentence-datatrove, exact-duckdb,
                                         bloom-dolma

INPUT holds *.jsonl, for exact-duckdb *.parquet. One worker or thread. Word 5-grams, 112 permutations, 14 bands of 8.
Prints how many documents stayed, where the rival does not leave a countable file.
"""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path


def near_datatrove(inputs: Path, out: Path) -> None:
    """Its four stages, as its own example has them."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter
    from datatrove.utils.hashing import HashConfig

    config = MinhashConfig(
        hash_config=HashConfig(hash_fc="xxhash", precision=64), n_grams=5, num_buckets=14, hashes_per_bucket=8
    )
    shards = len(list(inputs.iterdir()))
    names = {name: str(out / name) for name in ("signatures", "buckets", "remove", "kept")}
    for name, tasks, pipeline in (
        ("sig", shards, [JsonlReader(str(inputs)), MinhashDedupSignature(names["signatures"], config=config)]),
        ("buckets", 14, [MinhashDedupBuckets(names["signatures"], names["buckets"], config=config)]),
        ("cluster", 1, [MinhashDedupCluster(names["buckets"], names["remove"], config=config)]),
        ("filter", shards, [JsonlReader(str(inputs)), MinhashDedupFilter(names["remove"]), JsonlWriter(names["kept"])]),
    ):
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=str(out / "logs" / name)).run()


def sentence_datatrove(inputs: Path, out: Path) -> None:
    """Its three stages of sentence dedup, 3 sentences."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import SentenceDedupFilter, SentenceDedupSignature, SentenceFindDedups
    from datatrove.pipeline.dedup.sentence_dedup import SentDedupConfig
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    config = SentDedupConfig(n_sentences=3, split_sentences=True, only_dedup_in_index=False, min_doc_words=50)
    shards = len(list(inputs.iterdir()))
    sigs, found, kept = str(out / "sigs"), str(out / "dups"), str(out / "kept")
    for name, tasks, pipeline in (
        ("sig", shards, [JsonlReader(str(inputs)), SentenceDedupSignature(sigs, config=config)]),
        ("find", 1, [SentenceFindDedups(sigs, found, config=config)]),
        ("filter", shards, [JsonlReader(str(inputs)), SentenceDedupFilter(found, config=config), JsonlWriter(kept)]),
    ):
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=str(out / "logs" / name)).run()


def near_text_dedup(inputs: Path, out: Path) -> None:
    """Its own command, with its faster hash."""
    command = [sys.executable, "-m", "text_dedup.minhash", "--path", "json", "--data_files", str(inputs / "*.jsonl"),
               "--split", "train", "--output", str(out / "kept"), "--cache_dir", str(out / "cache"), "--column", "text",
               "--ngram", "5", "--num_perm", "112", "--b", "14", "--r", "8", "--hash_func", "xxh3",
               "--num_proc", "1"]  # fmt: skip
    subprocess.run(command, check=True, stdout=sys.stderr)
    import datasets

    print(len(datasets.load_from_disk(str(out / "kept"))))


def near_rensa(inputs: Path, out: Path) -> None:
    """A script over the Rust MinHash: n-grams by a regular expression, its LSH, a union-find, the first stays."""
    import rensa

    word = re.compile(r"\w+")

    def grams(text: str) -> list[str]:
        words = word.findall(text.lower())
        return list({" ".join(words[i : i + 5]) for i in range(max(1, len(words) - 4))})

    def documents():
        for path in sorted(inputs.iterdir()):
            with path.open("rb") as stream:
                for line in stream:
                    yield json.loads(line)

    lsh = rensa.RMinHashLSH(threshold=0.7, num_perm=112, num_bands=14)
    parent: list[int] = []

    def root(x: int) -> int:
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    waiting: list[list[str]] = []

    def settle() -> None:
        base = len(parent)
        parent.extend(range(base, base + len(waiting)))
        hashes = rensa.RMinHash.from_token_sets(waiting, 112, 42)
        lsh.insert_many(hashes, base)
        for number, candidates in enumerate(lsh.query_all(hashes), base):
            for other in candidates:
                a, b = root(number), root(other)
                parent[max(a, b)] = min(a, b)
        waiting.clear()

    for document in documents():
        waiting.append(grams(document["text"]))
        if len(waiting) == 5000:
            settle()
    settle()
    with (out / "kept.jsonl").open("w") as stream:
        for number, document in enumerate(documents()):
            if root(number) == number:
                stream.write(json.dumps(document, ensure_ascii=False) + "\n")


def exact_duckdb(inputs: Path, out: Path) -> None:
    """SELECT DISTINCT ON the text, Parquet to Parquet, zstd."""
    import duckdb

    database = duckdb.connect()
    database.execute("SET threads=1")
    database.execute(
        f"COPY (SELECT DISTINCT ON (text) * FROM read_parquet('{inputs}/*.parquet')) "
        f"TO '{out}/kept.parquet' (FORMAT parquet, COMPRESSION zstd)"
    )
    print(database.execute(f"SELECT count(*) FROM '{out}/kept.parquet'").fetchone()[0])


def bloom_dolma(inputs: Path, out: Path) -> None:
    """Its deduper of paragraphs by 13-grams, then its mixer, which cuts them; both Rust, called as its commands do."""
    import importlib.util

    package = importlib.util.find_spec("dolma")
    assert package is not None
    (path,) = Path(package.submodule_search_locations[0]).glob("dolma*.so")
    spec = importlib.util.spec_from_file_location("dolma", path)
    assert spec is not None
    assert spec.loader is not None
    dolma = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(dolma)
    documents = out / "documents"
    documents.mkdir()
    for file in inputs.glob("*.jsonl"):
        with file.open("rb") as source, gzip.open(documents / f"{file.name}.gz", "wb", 1) as copy:
            copy.writelines(source)
    by_ngram = {"ngram_length": 13, "stride": 1, "overlap_threshold": 0.8, "skip_short_paragraphs": True}
    bloom = {"file": str(out / "bloom"), "size_in_bytes": 0, "read_only": False, "estimated_doc_count": 20_000_000}
    dedupe = {"name": "dup", "skip_empty": True, "paragraphs": {"attribute_name": "dup", "by_ngram": by_ngram}}
    common = {"work_dir": {"input": str(out / "in"), "output": str(out / "to")}, "processes": 1}
    sources = {"documents": [f"{documents}/*.jsonl.gz"]}
    dolma.deduper_entrypoint(
        json.dumps(
            {**common, **sources, "bloom_filter": {**bloom, "desired_false_positive_rate": 0.01}, "dedupe": dedupe}
        )
    )
    cut = [{"span": "$.attributes.dup", "min_score": 0.5, "replacement": ""}]
    output = {"path": str(out / "kept"), "max_size_in_bytes": 10**10}
    stream = {"name": "kept", **sources, "attributes": ["dup"], "output": output, "span_replacement": cut}
    dolma.mixer_entrypoint(json.dumps({**common, "streams": [stream]}))


if __name__ == "__main__":
    globals()[sys.argv[1].replace("-", "_")](Path(sys.argv[2]), Path(sys.argv[3]))
