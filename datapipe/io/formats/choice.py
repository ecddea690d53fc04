"""Which format an output has, as recipes say it: a name, or a name with its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, create_model

from datapipe.core.errors import did_you_mean
from datapipe.io.formats.format import Format
from datapipe.io.formats.huggingface import HuggingFace
from datapipe.io.formats.json_lines import JsonLines
from datapipe.io.formats.mds import Mds
from datapipe.io.formats.megatron import Megatron
from datapipe.io.formats.npy import Npy
from datapipe.io.formats.parquet import Parquet

FORMATS = {cls.model_fields["name"].default: cls for cls in (Parquet, JsonLines, HuggingFace, Mds, Megatron, Npy)}


def _named(value: Any) -> Any:
    """`mds` and `{mds: {…}}` as `{name: mds, …}`."""
    if isinstance(value, BaseModel) or (isinstance(value, dict) and "name" in value):
        return value
    name: Any = value
    parameters: Any = {}
    if isinstance(value, dict) and len(value) == 1:
        ((name, parameters),) = value.items()
    if not isinstance(name, str) or not isinstance(parameters, dict | None):
        raise ValueError(f"expected a format's name, or a mapping of its name to its parameters; found {value!r}")
    if name not in FORMATS:
        raise ValueError(f"no format {name}{did_you_mean(name, FORMATS)}")
    return {"name": name, **(parameters or {})}


_Parameters = create_model(  # for editors: the form in which recipes name one format
    "FormatParameters",
    __config__=ConfigDict(extra="forbid", json_schema_extra={"minProperties": 1, "maxProperties": 1}),
    **{name: (cls, Field(None)) for name, cls in FORMATS.items()},  # type: ignore[call-overload]
)
_Name = Literal["parquet", "jsonl", "huggingface", "mds", "megatron", "npy"]

AnyFormat = Annotated[
    Annotated[Parquet | JsonLines | HuggingFace | Mds | Megatron | Npy, Field(discriminator="name")],
    BeforeValidator(_named, json_schema_input_type=_Name | _Parameters),
]

_ANY: TypeAdapter[Format] = TypeAdapter(AnyFormat)


def format_of(output: Mapping[str, Any]) -> Format:
    """The format of an output, or a side table, as a manifest has it; those of older runs go by their files' endings."""
    lines = any(file["path"].endswith(".jsonl.zst") for file in output["files"])
    return _ANY.validate_python(output.get("format") or ("jsonl" if lines else "parquet"))
