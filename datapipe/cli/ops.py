"""`datapipe ops`: the operators, their parameters, the recipe's JSON Schema, and the contract tests of a plugin."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import click

if TYPE_CHECKING:
    from datapipe.core.operator import Operator
    from datapipe.core.reader import Reader


@click.command()
@click.argument("name", required=False)
@click.option("--schema", is_flag=True, help="The JSON Schema of recipes, for editors.")
@click.option("--plugin", multiple=True, metavar="FILE", help="Load this plugin (a file or a module) as well.")
@click.option("--test", "test", metavar="FILE", help="Run the contract tests over the operators of this plugin.")
def ops(name: str | None, schema: bool, plugin: tuple[str, ...], test: str | None) -> None:
    """The operators; with NAME one operator or reader: parameters, defaults, columns read and written, source."""
    from datapipe.core.registry import operators, readers
    from datapipe.plan.plugins import load_all

    load_all([_absolute(p) for p in plugin])
    if test is not None:
        _test(test)
        return
    if schema:
        import orjson

        from datapipe.plan.schema import recipe_schema

        click.echo(orjson.dumps(recipe_schema(), option=orjson.OPT_INDENT_2).decode())
        return
    if name is not None:
        if name in readers:
            _describe_reader(readers.get(name))
        else:
            _describe(operators.get(name))
        return
    from datapipe.plan.steps import kind_of

    rows = [
        (n, kind_of(operators.get(n)), _first_line(operators.get(n))) for n in operators.names() if n != "unique_ids"
    ]
    for n, kind, line in rows:
        click.echo(f"{n:<20} {kind:<7} {line}")
    click.echo(f"\nreaders: {', '.join(readers.names())}. One of them: datapipe ops NAME")


def _describe(cls: type[Operator]) -> None:
    import inspect

    from datapipe.core.threshold_filter import ThresholdFilter
    from datapipe.plan.steps import kind_of, orders

    click.echo(f"{cls.name} ({kind_of(cls)}, version {cls.version})\n")
    click.echo((inspect.getdoc(cls) or "").rstrip())
    click.echo(f"\nreads   {', '.join(cls.reads) or '-'}")
    click.echo(f"writes  {', '.join(f'{n} {t}' for n, t in cls.writes.items()) or '-'}")
    if issubclass(cls, ThresholdFilter):
        tunable = dict.fromkeys([*(parameter for parameter, _ in cls.bounds.values()), *cls.choices])
        click.echo(f"tunes   {', '.join(tunable)} (datapipe tune, from the scores of a run)")
    _parameters(cls)
    kind = "order" if orders(cls) else kind_of(cls)
    common = {
        "map": "where, by_lang, label",
        "global": "where, action, label",
        "filter": "where, action, by_lang, label",
    }
    click.echo(f"\nand, as every {kind}: {common.get(kind, 'label')}")


def _describe_reader(cls: type[Reader]) -> None:
    import inspect

    click.echo(f"{cls.name} (reader): read: {{{cls.name}: PATHS, …options}}\n")
    click.echo((inspect.getdoc(cls) or "").rstrip())
    _parameters(cls)


def _parameters(cls: type[Any]) -> None:
    click.echo("\nparameters")
    for field_name, field in cls.model_fields.items():
        default = (
            "required" if field.is_required() else f"default {_short(field.get_default(call_default_factory=True))}"
        )
        click.echo(f"  {field.alias or field_name}: {_type(field.annotation)}, {default}")
        if field.description:
            click.echo(f"      {field.description}")
    if cls.model_config.get("extra") == "allow":
        click.echo("  and the columns' names, as said above")
    elif not cls.model_fields:
        click.echo("  none")


def _test(plugin: str) -> None:
    from datapipe.core.errors import DatapipeError
    from datapipe.core.registry import operators
    from datapipe.engine.contract import broken_laws
    from datapipe.plan.plugins import load_plugin

    before = set(operators.names())
    load_plugin(_absolute(plugin))
    names = [n for n in operators.names() if n not in before]
    if not names:
        raise DatapipeError(f"{plugin}: no operator was registered by it")
    wrong = 0
    for name in names:
        broken = broken_laws(operators.get(name))
        wrong += len(broken)
        click.echo(f"{name}: {'all laws hold' if not broken else ''}")
        for law in broken:
            click.echo(f"  {law}")
    if wrong:
        raise DatapipeError(f"{plugin}: {wrong} law{'s' if wrong != 1 else ''} broken")


def _absolute(plugin: str) -> str:
    return str(Path(plugin).resolve()) if plugin.endswith(".py") else plugin


def _first_line(cls: type[Any]) -> str:
    return (cls.__doc__ or "").strip().split("\n")[0]


def _type(annotation: Any) -> str:
    """A type as YAML would put it: `first | longest | {string: asc | desc}`."""
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if annotation is NoneType:
        return "null"
    if origin is Annotated:
        return "path" if any("Marker" in type(a).__name__ for a in annotation.__metadata__) else _type(arguments[0])
    if origin is Literal:
        return " | ".join(map(str, arguments))
    if origin in (Union, UnionType):
        return " | ".join(map(_type, arguments))
    if origin in (tuple, list, set, frozenset):
        return f"[{_type(arguments[0])}, …]"
    if origin in (dict, Mapping):
        return f"{{{_type(arguments[0])}: {_type(arguments[1])}}}"
    return {str: "string", Any: "anything"}.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _short(value: Any) -> str:
    """A default, as YAML would put it."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    text = str(value) if isinstance(value, str) and value.isidentifier() else repr(value)
    return text if len(text) <= 100 else text[:97] + "..."
