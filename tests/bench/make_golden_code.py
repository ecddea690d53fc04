"""Ask bigcode-dataset (commit bebec92) and Curator (1e2e427) for the scores of tests/ops/golden_code.json.

Run from the project's root, beside checkouts of both, in an environment with pygments, beautifulsoup4 and regex; the other
packages their modules import are replaced by empty ones, and datapipe is not needed:
    python tests/bench/make_golden_code.py BIGCODE CURATOR sample_data/code/code.jsonl.zst tests/ops/golden_code.json
"""

import contextlib
import importlib.util
import io
import json
import sys
import types
import warnings
from pathlib import Path
from typing import Any

import pygments.util
import zstandard
from bs4 import BeautifulSoup

UNUSED = ("datasets", "datasets.utils", "datasets.utils.logging", "transformers", "arguments", "utils.manual_sharding",
          "numpy", "sentencepiece", "comment_parser", "nemo_curator", "nemo_curator.stages",
          "nemo_curator.stages.text", "nemo_curator.stages.text.filters", "nemo_curator.stages.text.utils",
          "loguru", "utils")  # fmt: skip
HTML = (
    "", "plain", "<p>one</p>", "a &amp; b &nbsp; &#8212; &#x2014; &bogus & c", "<a title='x > y'>t</a>", "<!-- <b> -->x",
    "<!DOCTYPE html><html><body>hello</body></html>", "<script>if (a < b) { x('</b>') }</script>after",
    "<STYLE>p > a { }</STYLE>after",
    "<style>never closed", "1 < 2 and 3 > 2", "<br/>é漢👩\u200d👧", "<?xml version='1.0'?><p>x</p>",
    "<p class=a>unquoted</p>", "<div\ndata-x=\"a>b\">\n text </div>", "<script type='a'></script><script>1</script>z", "text < ",
)  # fmt: skip


def load(name: str, path: Path) -> Any:
    """A module by its file."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def visible(text: str) -> int:
    """The length that both tools' rule for HTML measures."""
    soup = BeautifulSoup(text, features="html.parser")
    for element in soup(["script", "style"]):
        element.extract()
    return len(soup.get_text())


def main(bigcode: str, curator: str, source: str, target: str) -> None:
    warnings.simplefilter("ignore")
    for name in UNUSED:
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__getattr__ = lambda name: object  # type: ignore[method-assign]
    extraction = load("utils.text_extraction", Path(bigcode) / "preprocessing/utils/text_extraction.py")
    filtering = load("filtering", Path(bigcode) / "preprocessing/filtering.py")
    filtering.BeautifulSoup = BeautifulSoup  # which it uses and does not import
    text = Path(curator) / "nemo_curator/stages/text"
    load("nemo_curator.stages.text.utils.constants", text / "utils/constants.py")
    load("nemo_curator.stages.text.utils.text_utils", text / "utils/text_utils.py")
    load("nemo_curator.stages.text.filters.doc_filter", text / "filters/doc_filter.py")
    theirs = load("code", text / "filters/heuristic/code/code.py")
    theirs.BeautifulSoup = BeautifulSoup
    with Path(source).open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf8", newline="\n")
        rows = [json.loads(line) for line in lines]
    out = []
    for row in rows:
        code, language = row["text"], row["language"]
        answer: dict[str, Any] = {"id": row["id"], "xml": not filtering.filter_xml({"content": code})}
        with contextlib.suppress(pygments.util.ClassNotFound):
            answer["comments"] = round(extraction.get_nl_ratio(code, language.lower()), 6)
        if language == "HTML":
            answer["visible"] = visible(code)
            answer["html_kept"] = filtering.filter_html({"lang": "HTML", "content": code})
            answer["curator_html"] = theirs.HTMLBoilerplateFilter().score_document(code)
        if language == "Python":
            answer["curator_comments"] = round(theirs.PythonCommentToCodeFilter().score_document(code), 6)
        answer["curator_lines"] = theirs.NumberOfLinesOfCodeFilter().score_document(code)
        answer["curator_letters"] = round(theirs.AlphaFilter().score_document(code), 6)
        out.append(answer)
    made = [{"text": html, "visible": visible(html)} for html in HTML]
    rows_of = ",\n".join(map(json.dumps, out))
    Path(target).write_text(f'{{"html": {json.dumps(made)},\n"files": [{rows_of}]}}\n')


main(*sys.argv[1:])
