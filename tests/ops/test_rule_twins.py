"""Every score of the four rule sets equals its plain-Python twin, on fuzzed Unicode, sliced, batched and alone."""

import json
import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datapipe.core.operator import Filter
from datapipe.ops.c4_quality import C4Quality
from datapipe.ops.fineweb_quality import FinewebQuality
from datapipe.ops.gopher_quality import GopherQuality
from datapipe.ops.gopher_repetition import GopherRepetition
from tests.reference import c4_quality, fineweb_quality, gopher_quality, gopher_repetition

SIGNS_AND_WORDS = (
    "the and that have with be of to The cat's don’t WE'LL I've 'tis n't it's dogs' rock'n'roll O'Brien x's's "
    "well-known twenty--one a---b a----b 1990–1995 and/or a=b key:value 3.14 1,000 1,a 10:30 2-3 2--3 4*5 4^-5 foo_bar "
    "AT&T foo.bar end.Next U.S. e.g. J. Mr. Mr.. etc. Inc.) (see)! [1] [12] [] [edit] [citation needed] [²] [٣] ... .. .... "
    "…a a…b #tag ##h --help -x x- 5% $5 5$ +1 + ++ 5+ http://a.b/c-d "
    "www.a-b.com a@b-c.de @me my-file.txt a.b-c.de/x-y a-b.c/x ..ab "
    '.ab- a-b.cd§ §3 ¶x x¶ www-a _x_ **b** `c` "q" “q” '
    "lorem LOREM ipsum javascript JavaScript Terms use cookies Kookies cooKie privacy policy { } word. word! word?\" word' "
    "漢字。かな カタカナ ภาษาไทย မြန်မာ ភាសា 한국어 عربى. हिन्दी। 👍🏽 👩‍👩‍👧 é "
    "e\u0301 ①② ½ Ⅷ € £5 → × ° ©x x© \u200d \ufeff \u00ad \x00 \x85 "
    "\U0001f468 \U00020000 \U000e0100 \U0010ffff \ud7ff \ufffd １ ． ！"
)
PIECES = SIGNS_AND_WORDS.split(" ")
SPACES = [" ", " ", " ", "  ", "\n", "\n\n", "\n\n\n", "\r\n", "\r", "\t", "\x0b", "\x0c", "\x1c", "\x1f", "\x85", "\xa0",
          "\u2028", "\u2029", "\u3000", "", ". ", ".\n", "? ", "- ", "\n- ", "\n• "]  # fmt: skip
CHARACTERS = st.characters(exclude_categories=("Cs",))
TEXTS = st.lists(
    st.one_of(st.sampled_from(PIECES), st.sampled_from(SPACES), CHARACTERS, st.sampled_from(".-'’+,/ \n")), max_size=60
).map("".join)


def batch(texts: list[str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})


def assert_scores(got: dict[str, np.ndarray], expected: list[dict[str, float]], texts: list[str]) -> None:
    for row, twin in enumerate(expected):
        for name, value in got.items():
            np.testing.assert_allclose(value[row], twin.get(name, 0), rtol=1e-14, err_msg=f"{name} of {texts[row]!r}")


def check(texts: list[str]) -> None:
    rows = batch(texts)
    quality, repetition, fineweb = GopherQuality(), GopherRepetition(), FinewebQuality()
    stop_words = set(quality.stop_words)
    assert_scores(quality.judge(rows).scores, [gopher_quality.measures(t, stop_words) for t in texts], texts)
    assert_scores(repetition.judge(rows).scores, [gopher_repetition.measures(t) for t in texts], texts)
    assert_scores(fineweb.judge(rows).scores, [fineweb_quality.measures(t, 30) for t in texts], texts)
    for datatrove in (False, True):
        for end_mark in (False, True):
            c4 = C4Quality(
                variant="datatrove" if datatrove else "paper",
                end_mark=end_mark,
                min_words_per_line=2,
                max_word_length=9,
            )
            twins = [
                c4_quality.clean(t, datatrove=datatrove, end_mark=end_mark, min_words=2, max_word=9) for t in texts
            ]
            verdict = c4.judge(rows)
            assert verdict.columns["text"].to_pylist() == [left for left, _ in twins]
            verdict.columns["text"].validate(full=True)
            assert_scores(verdict.scores, [count for _, count in twins], texts)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_scores_equal_their_twins(texts: list[str]) -> None:
    check(texts)


def test_scores_equal_their_twins_without_compilation() -> None:
    texts = [" ".join(PIECES[i : i + 30]) + "." for i in range(0, len(PIECES), 20)] + ["", "\n\n", "a b c d e. " * 8]
    code = "import json,sys; from tests.ops.test_rule_twins import check; check(json.loads(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-W", "error", "-c", code, json.dumps(texts)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        check=True,
    )
    check(texts)


@pytest.mark.parametrize("operator", [GopherQuality(), GopherRepetition(), FinewebQuality(), C4Quality()])
def test_a_slice_and_a_document_alone_are_judged_as_in_their_batch(operator: Filter) -> None:
    texts = [" ".join(PIECES[i : i + 40]) + ".\n" for i in range(0, len(PIECES), 10)] + [""]
    whole = operator.judge(batch(texts))
    for start, stop in [(2, 5), (1, 2), (len(texts) - 1, len(texts)), (3, 3)]:
        for part in (batch(texts).slice(start, stop - start), batch(texts[start:stop])):
            verdict = operator.judge(part)
            for name, score in verdict.scores.items():
                np.testing.assert_array_equal(score, whole.scores[name][start:stop])
            for name, mask in verdict.failed.items():
                np.testing.assert_array_equal(mask, whole.failed[name][start:stop])
            for name, column in verdict.columns.items():
                assert column.to_pylist() == whole.columns[name].to_pylist()[start:stop]
