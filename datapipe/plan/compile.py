"""From a recipe to a plan."""

from __future__ import annotations

from pathlib import Path

from datapipe.core.errors import RecipeError
from datapipe.core.fingerprint import fingerprint
from datapipe.plan.audited import check_audit
from datapipe.plan.compiler import Compiler
from datapipe.plan.formats import check_format
from datapipe.plan.graph import check_uses, in_order, published_datasets
from datapipe.plan.limits import barrier_memory, limits_of
from datapipe.plan.locate import Located
from datapipe.plan.plan import Plan, Publication, Resource
from datapipe.plan.plugins import load_all
from datapipe.plan.recipe import absolute, read_recipe
from datapipe.plan.resources import file_digest


def compile_recipe(located: Located) -> Plan:
    """The plan of a recipe; a RecipeError (exit code 2) for whatever would go wrong later."""
    recipe = read_recipe(located)
    folder = str(Path(located.file).resolve().parent)
    plugins = []
    for index, name in enumerate(recipe.plugins):
        plugins.append(absolute(name, folder) if name.endswith(".py") or "/" in name else name)
        try:
            load_all(plugins[-1:])
        except RecipeError as error:
            raise located.error(str(error), ("plugins", index)) from None
    digests = load_all(plugins)
    smallest = min(write.shard_size for write in recipe.write)
    compiler = Compiler(located, recipe, folder, mark=max(1024, smallest // 64))
    published = published_datasets(recipe, located)
    uses = check_uses(recipe, located, published)
    for name in in_order(recipe, located):
        compiler.dataset(name, recipe.datasets[name])
        if uses[name] > 1:
            compiler.share(name)
    check_audit(compiler.labels, recipe, located)
    publications: list[Publication] = []
    for name, write in zip(published, recipe.write, strict=True):
        stage = compiler.publish(name)
        path = absolute(write.path, folder)
        check_format(write.format, stage, compiler.stages, ("write", len(publications), "format"), located)
        publications.append(
            Publication(dataset=name, stage=stage, path=path, shard_size=write.shard_size, format=write.format)
        )
    needs = [(path, *file_digest(path), tuple(steps)) for path, steps in sorted(compiler.needs.items())]
    resources = tuple(
        Resource(path=path, sha256=digest, bytes=size, steps=steps) for path, digest, size, steps in needs
    )
    identity = {
        "stages": [stage.key for stage in compiler.stages],
        "writes": [[p.dataset, p.stage, p.shard_size, p.format.model_dump()] for p in publications],
        "paths": [p.path for p in publications[1:]],  # the first one is the run folder itself
    }
    return Plan(
        name=recipe.name,
        file=located.file,
        seed=recipe.seed,
        recipe=located.data,
        plugins=tuple(digests),
        ledger_text=recipe.ledger.text,
        edits=recipe.ledger.edits,
        scores=recipe.scores,
        allow_download=recipe.models.allow_download,
        max_error_rate=recipe.max_error_rate,
        spill=None if recipe.spill == "none" else recipe.spill,
        timeout=recipe.task_timeout,
        memory=barrier_memory(recipe),
        limits=limits_of(recipe, located, compiler.stages),
        shards=tuple(compiler.shards),
        stages=tuple(compiler.stages),
        publications=tuple(publications),
        resources=resources,
        fingerprint=fingerprint(identity),
    )
