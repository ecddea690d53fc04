"""Texts as other tools' own functions leave them: writes tests/ops/golden_pii.json.

    python tests/bench/make_golden_pii.py DATATROVE DOLMA DATA_PREPARATION BIGCODE_DATASET OUT.json

Four checkouts (or folders of installed packages) and Python with regex: of each the files that find personal
data are run by themselves, without what they import. All texts are made up.
"""

import itertools
import json
import random
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

VALUES = (
    "ana.lima@web.de", "x_y+z@mail.host.org", "8.8.8.8", "10.0.0.1", "1.2.3.4", "01.2.3.4", "8.8.8.899", "3338.8.8.8",
    "1.2.3.4.5.6.7.8", "212-867-4309", "(212)867-4309", "212.867.4309", "212   8674309", "٢١٢ ٣٤٥ ٦٧٨٩", "(@. x@y.com",
    "((@b@ c@d.com", "x..y@z.com", "é!bar@b.com", "a@[1.2.3.4]", "a@[1.2.3.label:]", "a@b.com-", "@@", "a@b@c.com",
    "x@y.z.w.1.2.3.4", "8.8.8.8..x@y.com", "8.8.4.4!a@b.co", "name@localhost", "isbn 212 345 6789", "word", "word",
)  # fmt: skip
GLUE = (
    "", " ", " ", " ", "\n", ".", ",", "@", "(", ")", "é", "  ", "-", "1", "!", "..", "\u3000", "?", ";", "\t", ", and ",
)  # fmt: skip
NAMES = {"EMAIL_ADDRESS": 0, "PHONE_NUMBER": 1, "IP_ADDRESS": 2}


def texts() -> list[str]:
    """Values side by side in ways that texts seldom have."""
    draw = random.Random(6)
    return ["".join(draw.choice(VALUES) + draw.choice(GLUE) for _ in range(draw.randint(1, 6))) for _ in range(400)]


def found(folder: str, name: str, file: str = "pii.py") -> Path:
    """The file of this name in a checkout or an installation."""
    return next(path for path in sorted(Path(folder).rglob(file)) if name in str(path))


def fineweb(folder: str, all_texts: list[str]) -> list[str]:
    """What the formatter leaves; E and I stand for any of its replacements."""
    source = re.sub(r"from datatrove.*\n", "", found(folder, "formatters").read_text())
    inside: dict[str, Any] = {"BaseFormatter": type("BaseFormatter", (), {"__init__": lambda self: None})}
    exec(source, inside)
    formatter = inside["PIIFormatter"]()
    return [formatter.format(text) for text in all_texts]


def dolma(folder: str, all_texts: list[str]) -> list[list[tuple[int, int, int]]]:
    """The spans of the tagger: start, end, number of the type."""
    source = re.sub(r"from (?:necessary|\.\.core).*\n", "", found(folder, "taggers").read_text())
    source = re.sub(r"with necessary.*?\n\n", "PRESIDIO_AVAILABLE = False\n\n", source, flags=re.DOTALL)

    class Span(SimpleNamespace):
        score = 1.0

        def __len__(self) -> int:
            return int(self.end - self.start)

    def split_paragraphs(text: str) -> list[SimpleNamespace]:
        parts = [m for m in re.finditer(r"([^\n]*\n|[^\n]+$)", text) if m.group().strip()]
        return [SimpleNamespace(text=m.group(), start=m.start()) for m in parts]

    registry = SimpleNamespace(add=lambda name: lambda cls: cls)
    names = ("Document", "TextSlice", "DocResult")
    inside: dict[str, Any] = {"Span": Span, "TaggerRegistry": registry, "BaseTagger": object}
    inside |= dict.fromkeys(names, SimpleNamespace) | {"split_paragraphs": split_paragraphs}
    exec(source, inside)
    tagger = inside["FastPiiRegex"]()
    results = [tagger.predict(SimpleNamespace(text=text)) for text in all_texts]
    return [
        [(span.start, span.end, NAMES[span.type]) for span in result.spans if span.type in NAMES] for result in results
    ]


def bloom(folder: str, all_texts: list[str]) -> list[str]:
    """What the redaction leaves, its types in a fixed order: in the original a set's."""
    source = found(folder, "", "bigscience_pii_detect_redact.py").read_text()
    order = ["KEY", "EMAIL", "USER", "IP_ADDRESS"]
    inside: dict[str, Any] = {}
    exec(re.sub(r"(?m)^high_risk_tags = .*$", f"high_risk_tags = {order}", source), inside)
    return [inside["run_pii"](text, "en")[0] for text in all_texts]


def bigcode(folder: str, all_texts: list[str]) -> list[str | None]:
    """What redaction leaves of e-mail and IP addresses; None where two overlap, of which it repeats a part."""
    sys.modules["gibberish_detector"] = MagicMock()
    finds: dict[str, Any] = {}
    exec(found(folder, "", "emails_ip_addresses_detection.py").read_text(), finds)
    redacts: dict[str, Any] = {}
    exec(found(folder, "pii_redaction", "utils.py").read_text(), redacts)
    left: list[str | None] = []
    for text in all_texts:
        spans = [span for tag in ("EMAIL", "IP_ADDRESS") for span in finds["detect_email_addresses"](text, {tag})]
        spans.sort(key=lambda span: span["start"])
        apart = all(a["end"] <= b["start"] for a, b in itertools.pairwise(spans))
        left.append(redacts["redact_pii_text"](text, spans, redacts["get_replacements"]())[0] if apart else None)
    return left


if __name__ == "__main__":
    theirs, others, third, fourth, out = sys.argv[1:]
    made = texts()
    golden = {
        "texts": made, "fineweb": fineweb(theirs, made), "dolma": dolma(others, made), "bloom": bloom(third, made),
        "bigcode": bigcode(fourth, made),
    }  # fmt: skip
    Path(out).write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n")
