"""A trainer that imports the reader gets nothing of what runs recipes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.stream.folders import publish, table

_CODE = """
import sys
ALLOWED = {"pyarrow", "numpy", "fsspec", "datapipe"}
class Refusing:
    def find_spec(self, name, path=None, target=None):
        first = name.split(".")[0]
        if first not in ALLOWED and first not in sys.stdlib_module_names and not first.startswith("_sysconfigdata"):
            raise ImportError(f"{name} is not what a trainer has")
sys.meta_path.insert(0, Refusing())
from datapipe.stream import Stream
print(sum(len(batch["n"]) for batch in Stream(sys.argv[1], 4)))
print([n for n in sys.modules if n.split(".")[:2] in (["datapipe", r] for r in ("ops", "plan", "engine", "kernels", "cli"))])
"""


def test_pyarrow_numpy_and_fsspec_are_enough(tmp_path: Path) -> None:
    path = publish(tmp_path, table(20))
    done = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{_CODE}", path],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.stdout.split("\n")[:2] == ["20", "[]"], done.stderr
