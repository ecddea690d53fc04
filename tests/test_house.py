"""The house: an arrow between rooms only goes down, and nothing is imported where nobody looks for it."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import datapipe

ROOT = Path(datapipe.__file__).parent
FLOORS = {"kernels": 0, "arrow": 0, "core": 1, "ops": 2, "io": 2, "plan": 3, "stream": 3, "engine": 4, "cli": 5}
# Packages that may be absent (extras), or whose import takes long and only one option needs.
LAZY = {"datasets", "huggingface_hub", "ftfy", "fasttext", "ray", "rjieba", "icu4py", "stopwordsiso", "wordllama", "torch"} | {
    "presidio_analyzer", "spacy", "tokenizers", "tldextract", "regex", "sentencepiece", "kenlm",
}  # fmt: skip
MODULES = sorted(p for p in ROOT.rglob("*.py") if p.parent != ROOT)


def imports(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            yield node.module or "", node


def test_every_folder_is_a_room() -> None:
    rooms = {p.name for p in ROOT.iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert rooms == set(FLOORS)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_arrows_only_go_down(path: Path) -> None:
    tree = ast.parse(path.read_text())
    room = path.relative_to(ROOT).parts[0]
    top = set(tree.body) | {
        n for t in tree.body if isinstance(t, ast.If) for n in t.body
    }  # `if TYPE_CHECKING:` counts as top
    for name, node in imports(tree):
        if name.split(".")[0] != "datapipe":
            inside = node not in top
            assert not inside or room == "cli" or name.split(".")[0] in LAZY, (
                f"line {node.lineno}: {name} imported in a function"
            )
            continue
        assert node in top or room == "cli", f"line {node.lineno}: {name} imported in a function"
        if name == "datapipe":
            continue  # __version__
        other = name.split(".")[1]
        assert other == room or FLOORS[other] < FLOORS[room], f"line {node.lineno}: {room} imports {other}"


def test_public_names() -> None:
    assert datapipe.__all__ == sorted(datapipe.__all__)
    for name in datapipe.__all__:
        assert getattr(datapipe, name) is not None


def test_top_level() -> None:
    repository = ROOT.parent
    if not (repository / "pyproject.toml").exists():
        pytest.skip("installed, not a checkout")  # the layout of a checkout is what is tested
    expected = {
        "pyproject.toml",
        "README.md",
        "datapipe",
        "pipelines",
        "tests",
        "sample_data",
        "LICENSE",
        "CONTRIBUTING.md",
    }
    found = {p.name for p in repository.iterdir() if not p.name.startswith(".")} - {"out", "build", "dist"}
    assert found == expected


def test_help_imports_nothing_heavy() -> None:
    import subprocess

    code = (
        "import sys, datapipe.cli.main as m\n"
        "try: m.datapipe.main(['--help'], standalone_mode=False)\n"
        "except SystemExit: pass\n"
        "print([n for n in ('numba', 'pyarrow', 'numpy', 'pydantic') if n in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip().endswith("[]")
