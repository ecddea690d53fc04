"""Operators from one plain function of a document: positional parameters are columns, keyword-only ones are parameters.

@per_document.filter("no_lorem")
def no_lorem(text: str, *, word: str = "lorem") -> str | None:
    return "filler" if word in text else None
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, get_type_hints

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import create_model

from datapipe.core.columns import set_columns
from datapipe.core.operator import Expand, Filter, Map, Operator
from datapipe.core.verdict import Verdict

Function = Callable[..., Any]


class _PerDocument:
    """What the three kinds share: the function, its columns, and its parameters bound once a batch."""

    function: ClassVar[Function]
    reads: ClassVar[tuple[str, ...]]

    def calls(self, batch: pa.RecordBatch) -> Iterable[Any]:
        """The function's answer for each row, in order; a null text is the empty string."""
        function = type(self).function
        parameters = {name: getattr(self, name) for name in type(self).model_fields}  # type: ignore[attr-defined]  # every user is an Operator
        columns = [batch.column(name).to_pylist() for name in self.reads]
        if "text" in self.reads:
            at = self.reads.index("text")
            columns[at] = ["" if text is None else text for text in columns[at]]
        return (function(*row, **parameters) for row in zip(*columns, strict=True))


class _FunctionFilter(_PerDocument, Filter):
    def judge(self, batch: pa.RecordBatch) -> Verdict:
        failed: dict[str, npt.NDArray[np.bool_]] = {}
        for row, reason in enumerate(self.calls(batch)):
            if reason is None:
                continue
            if not isinstance(reason, str) or not reason:
                raise TypeError(
                    f"{self.name} returned {reason!r}; a filter returns its reason as a string, or None to keep"
                )
            if reason not in failed:
                failed[reason] = np.zeros(batch.num_rows, np.bool_)
            failed[reason][row] = True
        # Sorted, so that neither batch size nor row order decides the order of reasons.
        return Verdict(batch.num_rows, dict(sorted(failed.items())))


class _FunctionMap(_PerDocument, Map):
    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        answers = list(self.calls(batch))
        if len(self.writes) == 1:
            ((name, dtype),) = self.writes.items()
            if name == "text" and None in answers:
                raise TypeError(f"{self.name} returned None; a map returns the new text (is a `return` missing?)")
            return set_columns(batch, {name: pa.array(answers, dtype)})
        columns = {n: pa.array([answer[n] for answer in answers], t) for n, t in self.writes.items()}
        return set_columns(batch, columns)


class _FunctionExpand(_PerDocument, Expand):
    def expand(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, npt.NDArray[np.int64]]:
        answers = [list(children) for children in self.calls(batch)]
        parents = np.repeat(np.arange(batch.num_rows, dtype=np.int64), [len(children) for children in answers])
        ((name, dtype),) = self.writes.items()
        values = pa.array([child for children in answers for child in children], dtype)
        return set_columns(batch.take(pa.array(parents)), {name: values}), parents


Examples = tuple[Mapping[str, Any], ...]


def _operator(
    base: type[Operator],
    function: Function,
    name: str,
    writes: Mapping[str, pa.DataType],
    version: int,
    examples: Examples,
) -> None:
    signature = inspect.signature(function)
    hints = get_type_hints(function)
    columns: list[str] = []
    parameters: dict[str, Any] = {}
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            columns.append(parameter.name)
        elif parameter.kind == parameter.KEYWORD_ONLY:
            default = ... if parameter.default is parameter.empty else parameter.default
            parameters[parameter.name] = (hints.get(parameter.name, Any), default)
        else:
            raise TypeError(f"{name}: *{parameter.name} is neither a column nor a parameter; name it")
    if not columns:
        raise TypeError(f"{name}: the function has no positional parameter, so it reads no column; usually `text`")
    # The anonymous layer carries the class variables: create_model itself only takes fields.
    body: dict[str, Any] = {
        "function": staticmethod(function),
        "reads": tuple(columns),
        "writes": dict(writes),
        "version": version,
        "examples": examples,
        "defined_in": f"{inspect.getsourcefile(function)}:{function.__qualname__}",
        "__module__": function.__module__,
        "__doc__": inspect.getdoc(function) or f"The function {function.__qualname__}.",
        "__annotations__": {"function": ClassVar[Function], "defined_in": ClassVar[str]},
    }
    layer: type[Operator] = type(base)(f"{name}_function", (base,), body)  # type: ignore[misc]  # the metaclass, by its call
    final: Any = create_model(
        name, __base__=layer, __module__=function.__module__, __doc__=body["__doc__"], **parameters
    )
    final.name = name
    final.__pydantic_init_subclass__()


def filter(  # noqa: A001  # read as `per_document.filter`
    name: str, *, version: int = 1, examples: Examples = ({},)
) -> Callable[[Function], Function]:
    """A filter: the function returns the reason to drop the document, or None to keep it."""

    def take(function: Function) -> Function:
        _operator(_FunctionFilter, function, name, {}, version, examples)
        return function

    return take


def map(  # noqa: A001  # read as `per_document.map`
    name: str, *, writes: Mapping[str, pa.DataType] | None = None, version: int = 1, examples: Examples = ({},)
) -> Callable[[Function], Function]:
    """A map: the function returns the new text, or what `writes` declares (one value, or a dict of several)."""

    def take(function: Function) -> Function:
        _operator(_FunctionMap, function, name, writes or {"text": pa.large_string()}, version, examples)
        return function

    return take


def expand(
    name: str, *, writes: Mapping[str, pa.DataType] | None = None, version: int = 1, examples: Examples = ({},)
) -> Callable[[Function], Function]:
    """An expansion: the function returns the texts (or the values of the one written column) that replace the document."""

    def take(function: Function) -> Function:
        _operator(_FunctionExpand, function, name, writes or {"text": pa.large_string()}, version, examples)
        return function

    return take
