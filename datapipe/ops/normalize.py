"""Text in one plain form: newlines, white space, control characters, Unicode form, broken encodings."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, PrivateAttr, model_validator

from datapipe.arrow.text import column_of, text_of, valid_of
from datapipe.core.columns import set_columns
from datapipe.core.context import Context
from datapipe.core.errors import MissingDependency
from datapipe.core.operator import Map
from datapipe.kernels.clean import clean_text, plain_bytes


class Normalize(Map):
    """Rewrite the text so that what looks the same is the same; doing it twice changes nothing more.

    In this order: mojibake, then control, newlines and whitespace together, then the Unicode form (by Python's
    unicodedata, whose version decides on recently added characters). Zero-width joiners, which Indic scripts, Persian
    and emoji need, and zero-width spaces, which part Thai and Khmer words, stay. `whitespace` takes the indentation of
    source code with it: for code, say `whitespace: false`.
    """

    name: ClassVar[str] = "normalize"
    writes: ClassVar[Mapping[str, pa.DataType]] = {"text": pa.large_string()}
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {},
        {"form": "NFC", "max_newlines": 1},
        {"form": "NFKD", "whitespace": False, "newlines": False},
    )

    form: Literal["none", "NFC", "NFD", "NFKC", "NFKD"] = Field(
        "none",
        description="Unicode form. NFC is safe; NFKC and NFKD lose what a tokenizer could learn (x², ½, full-width forms)",
    )
    control: bool = Field(
        True, description="remove control characters (category Cc but newlines and tab) and byte order marks (U+FEFF)"
    )
    newlines: bool = Field(True, description="\\r\\n, \\r, \\v, \\f, U+0085, U+2028 and U+2029 become \\n")
    whitespace: bool = Field(
        True,
        description="runs of tabs and Unicode spaces become one space, none at the ends of a line or of the text; "
        "see max_newlines",
    )
    max_newlines: int = Field(2, ge=1, description="with whitespace: newlines in a row that stay; 2 is one blank line")
    mojibake: bool = Field(False, description="repair text decoded by the wrong encoding (schÃ¶n), with ftfy; slow")

    _repair: Any = PrivateAttr(None)

    @model_validator(mode="after")
    def _does_something(self) -> Normalize:
        if self.form == "none" and not (self.control or self.newlines or self.whitespace or self.mojibake):
            raise ValueError("everything is off; expected a form, or one of control, newlines, whitespace, mojibake")
        return self

    def setup(self, ctx: Context) -> None:
        """Load ftfy, if asked for."""
        if self.mojibake:
            try:
                import ftfy
            except ImportError:
                raise MissingDependency("ftfy", "ftfy", "normalize: {mojibake: true}") from None
            self._repair = ftfy.fix_encoding

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """One pass of the kernel; Python sees only documents beyond ASCII, and only for mojibake and form."""
        column = batch.column("text")
        if self._repair is not None:
            column = _rewritten(column, self._repair)
        column = self._cleaned(column)
        if self.form != "none":
            column = _rewritten(column, self._composed)
            if self.form.startswith("NFK"):  # brings new spaces: U+00A8 becomes a space and U+0308
                column = self._cleaned(column)
        return set_columns(batch, {"text": column})

    def _cleaned(self, column: pa.Array) -> pa.Array:
        if not (self.control or self.newlines or self.whitespace):
            return column
        text = text_of(column)
        cleaned = clean_text(
            text.offsets, text.data, plain_bytes(), self.control, self.newlines, self.whitespace, self.max_newlines
        )
        return column_of(*cleaned, valid_of(column))

    def _composed(self, text: str) -> str:
        form = self.form
        assert form != "none"
        return text if unicodedata.is_normalized(form, text) else unicodedata.normalize(form, text)


def _rewritten(column: pa.Array, rewrite: Callable[[str], str]) -> pa.Array:
    """The column with every document that is not plain ASCII rewritten."""
    plain = pc.fill_null(pc.string_is_ascii(column), True)
    if pc.all(plain).as_py():
        return column
    texts = column.to_pylist()
    done = (t if skip else rewrite(t) for t, skip in zip(texts, plain.to_pylist(), strict=True))
    return pa.array(done, pa.large_string(), size=len(texts))
