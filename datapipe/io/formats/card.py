"""The card of a data set: README.md whose head tells `datasets.load_dataset` and the hub which files hold which features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pyarrow as pa

from datapipe.io.formats.features import card_feature
from datapipe.io.formats.format import Part

CARD = "README.md"
MARK = "# made by datapipe with the data; a later run replaces it"


def dataset_card(parts: Sequence[Part], schema: pa.Schema) -> bytes:
    """YAML between dashes. Its values are JSON, which YAML contains, so that any name of a column is safe in it."""
    rows = sum(part["rows"] for part in parts)
    size = sum(file["bytes"] for part in parts for file in part["files"])
    features = [{"name": field.name, **card_feature(field.type)} for field in schema]
    info: dict[str, Any] = {
        "features": features,
        "splits": [{"name": "train", "num_bytes": size, "num_examples": rows}],
        "download_size": size,
        "dataset_size": size,
    }
    configs = [{"config_name": "default", "data_files": [{"split": "train", "path": "data/part-*.parquet"}]}]
    head = {"configs": configs, "dataset_info": info}
    lines = [b"%s: %s" % (key.encode(), orjson.dumps(value)) for key, value in head.items()]
    return b"\n".join([b"---", MARK.encode(), *lines, b"---", b""])
