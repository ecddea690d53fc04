"""Stop words of 58 languages, from the package stopwordsiso (MIT), which gathers published lists by ISO 639-1 code."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

# Codes that language identifiers give to a language whose list has another one.
SAME = """afr af, ara ar, arb ar, arz ar, bul bg, ben bn, bre br, cat ca, ces cs, dan da, deu de, ell el, eng en, epo eo,
spa es, est et, ekk et, eus eu, fas fa, pes fa, fin fi, fra fr, gle ga, glg gl, guj gu, hau ha, heb he, hin hi, hrv hr,
hun hu, hye hy, ind id, ita it, jpn ja, kor ko, kur ku, ckb ku, lat la, lit lt, lav lv, lvs lv, mar mr, msa ms, zsm ms,
nld nl, nor no, nob no, nb no, pol pl, por pt, ron ro, rus ru, slk sk, slv sl, som so, sot st, swe sv, swa sw, swh sw,
tha th, tgl tl, fil tl, tur tr, ukr uk, urd ur, vie vi, yor yo, zho zh, cmn zh, zul zu"""


@cache
def stop_words(lang: str) -> tuple[str, ...]:
    """The stop words of a language, in lower case, sorted; none if there is no list.

    lang is a code of ISO 639-1 or 639-3, with or without a script or a region: de, deu, deu_Latn, pt-br. The lists' digits
    and punctuation marks are left out.
    """
    import stopwordsiso

    base = lang.lower().replace("-", "_").split("_")[0]
    base = same_language(base)
    if base not in stopwordsiso.langs():
        return ()
    return tuple(sorted(word for word in stopwordsiso.stopwords(base) if any(map(str.isalpha, word))))


def same_language(code: str) -> str:
    """The code of ISO 639-1 of a language that is also called by another one; any other code stays."""
    return _same().get(code, code)


@cache
def _same() -> dict[str, str]:
    return {pair.split()[0]: pair.split()[1] for pair in SAME.split(",")}


def stop_words_file() -> str:
    """The package's lists: other lists are another result. The package itself is not imported."""
    spec = find_spec("stopwordsiso")
    assert spec is not None, "datapipe depends on stopwordsiso"
    assert spec.submodule_search_locations is not None, "stopwordsiso is a package"
    return str(Path(spec.submodule_search_locations[0]) / "stopwords-iso.json")
