"""Clusters of another tool over standard input, for minhash.py; runs where datatrove or text-dedup is installed.

`rival_minhash.py datatrove|text-dedup` reads lines {"id", "text"} and ends with one line {setting: {id: cluster}}, in which
documents of no cluster are left out.
"""

import contextlib
import json
import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path


def datatrove(rows: list[dict[str, str]], folder: Path) -> dict[str, dict[str, int]]:
    """Its four stages: 5 words, 14 x 8, xxhash of 64 bits, as in examples/minhash_deduplication.py."""
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

    config = MinhashConfig(hash_config=HashConfig(hash_fc="xxhash", precision=64))
    (folder / "in").mkdir()
    (folder / "in/docs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf8")
    reader = JsonlReader(str(folder / "in"))
    signatures, buckets, clusters = (str(folder / name) for name in ("signatures", "buckets", "clusters"))
    gone = JsonlWriter(str(folder / "gone"), compression=None)
    kept = JsonlWriter(str(folder / "kept"), compression=None)
    stages = [
        ([reader, MinhashDedupSignature(signatures, config=config)], 1),
        ([MinhashDedupBuckets(signatures, buckets, config=config)], config.num_buckets),
        ([MinhashDedupCluster(buckets, clusters, config=config, save_cluster_id=True)], 1),
        ([reader, MinhashDedupFilter(clusters, exclusion_writer=gone, load_cluster_ids=True), kept], 1),
    ]
    for n, (stage, tasks) in enumerate(stages):
        LocalPipelineExecutor(stage, tasks=tasks, workers=1, logging_dir=str(folder / f"logs{n}")).run()
    found = {}
    for file in [*folder.glob("gone/*"), *folder.glob("kept/*")]:
        for line in file.open(encoding="utf8"):
            row = json.loads(line)
            number = row["metadata"].get("minhash_cluster_id", -1)
            if number != -1:
                found[row["id"]] = number
    return {"datatrove": found}


def text_dedup(rows: list[dict[str, str]], folder: Path) -> dict[str, dict[str, int]]:
    """Its own command: 5 words, threshold .7 of 240 permutations, and 14 x 8."""
    (folder / "in").mkdir()
    (folder / "in/docs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf8")
    found = {}
    settings = {
        "text-dedup, threshold .7 of 240": ["--num_perm", "240"],
        "text-dedup, 14 x 8": ["--num_perm", "112", "--b", "14", "--r", "8"],
    }
    for name, chosen in settings.items():
        out = folder / f"out{len(found)}"
        command = [
            sys.executable,
            "-m",
            "text_dedup.minhash",
            "--path",
            "json",
            "--data_files",
            str(folder / "in/docs.jsonl"),
        ]
        command += ["--split", "train", "--output", str(out), "--cache_dir", str(folder / "cache"), "--column", "text"]
        command += ["--ngram", "5", "--threshold", "0.7", "--hash_func", "xxh3", "--num_proc", "1", "--debug", *chosen]
        env = {**os.environ, "HF_HOME": str(folder / "hf")}
        subprocess.run(command, check=True, cwd=folder, env=env, stdout=sys.stderr)
        with (out / "uf.pkl").open("rb") as file:  # written by the command above
            clusters = pickle.load(file)
        found[name] = {rows[int(i)]["id"]: int(clusters.find(i)) for i in list(clusters.parent)}
    return found


if __name__ == "__main__":
    asked = [json.loads(line) for line in sys.stdin]
    with tempfile.TemporaryDirectory() as scratch:
        with contextlib.redirect_stdout(sys.stderr):
            answer = {"datatrove": datatrove, "text-dedup": text_dedup}[sys.argv[1]](asked, Path(scratch))
        print(json.dumps(answer))
