"""User names: @name of social networks, @name@host of the fediverse, u/name of Reddit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.contact.top_level_domains import TOP_LEVEL_DOMAINS
from datapipe.core.pii.recognizer import LITERAL, Candidate, Hit, Page, Recognizer, cue
from datapipe.kernels.candidates import AT, HANDLE

NONE, LOW, FAIR, CUED, SURE = 0.1, 0.4, 0.6, 0.85, 0.95

# Twitter allows 15 signs, TikTok 24, Instagram 30, Telegram 32; dots only inside (Instagram).
_NAME = re.compile(rb"[A-Za-z0-9_](?:[A-Za-z0-9_]|\.(?=[A-Za-z0-9_])){1,31}(?![A-Za-z0-9_\x80-\xff])")
_INSTANCE = re.compile(rb"@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,4}([a-z]{2,24}))(?![\w@])")
_REDDIT = re.compile(rb"[A-Za-z0-9_-]{3,20}(?![\w/.-])")
_NETWORKS = re.compile(
    r"(?:twitter|x|medium|tiktok|youtube|threads|instagram|t|telegram|github|hachyderm|[\w-]*(?:mastodon|social|mstdn)[\w-]*)"
    r"\.[a-z]{2,8}/\Z"
)
_CUES = cue(
    "twitter", "tweet", "tweets", "tweeted", "retweet", "rt", "mt", "h/t", "follow", "followed", "mention", "instagram",
    "insta", "ig", "telegram", "tiktok", "mastodon", "threads", "bluesky", "handle", "username", "user name", "dm",
    "cc", "via", "thanks", "photo by", "posted by", "seguir", "sigue", "síguenos", "gracias", "suivez", "merci", "folge",
    "folgt", "danke", "segui", "grazie", "siga", "obrigado", "volg", "følg", "följ", "подпишись", "твиттер", "телеграм",
    "инстаграм", "takip", "ikuti", "theo dõi", "follow me", "フォロー", "ツイッター", "关注", "關注", "微博",
    "팔로우", "트위터", "تابع",
)  # fmt: skip
# Tags of Javadoc, Doxygen, JSDoc and texinfo, rules of CSS, decorators: words behind an at sign that are no names.
_TAG_WORDS = """
    abstract access addtogroup alias anchor api apinote apilevel arg async attention attribute augments author authors
    autowired bean before beforeeach after aftereach borrows brief bug bye callback cartouche category center chapter charset
    cindex cite class classmethod code command component configuration const constant constructor constructs container
    copydoc copyright counter copying csharp cssclass date dataclass def default defgroup defn deftypefun deftypefn defun
    defvar deprecated desc description details deprecate dfn dir direntry display do docbook documentencoding domain dots
    else email emph end endcode endif enum enumerate env event example exception exports expect export extends external file
    final findex fires font format from func function given global group hidden html id if ifdef ifhtml ifinfo ifnothtml
    ifset iftex ignore image import include index info ingroup inherit inheritdoc init inject inner input instance
    interface internal item itemize itemx kbd keyframes key kind kindex kwdef layer lambda lends license link lisp macro mainpage
    max media member memberof menu method min mixes mixin module multitable name namespace node nonnull noindent note
    nullable objc option override overload package page par param parameter path pindex plain platform post pre preformatted
    print printindex private process property protected pxref public pure pytest quotation raises readonly ref refill remark
    remarks repository requires result return returns rule samp samplecode sc scope section see sectiontitle service set
    setchapternewpage setfilename settitle setter since signature sinceversion slot smallbook smallexample smalllisp source
    staticmethod static sref strong struct subheading subsection subsubsection summary super suppress suppresswarnings supports
    synopsis syncodeindex tab table target template test tex texinfo this throw throws tindex title titlepage todo top tparam
    transactional tutorial type typedef unittest unnumbered unnumberedsec uref url use value var variable version vindex view
    viewport virtual void vskip vtable warning weakgroup webkit where with wrapper xref yield yields
    entity column joincolumn generatedvalue functionalinterface native documented literal systemproperty linkplain docroot
"""
_TAGS = frozenset(_TAG_WORDS.split())
_CALLED = tuple("({/=[@-*<")
_JOINED = tuple("/@\\[<,:¡*")
_CODE = re.compile(r"[{}<>;=\\|$`]|^\s*(?:\*|//|#|--|%)|::|->")
_PROGRAM = re.compile(r"[{}\\]|\$\w|::|->|==|;\s*\n|\w\(|\w/\w+/|@\w+[({]|^\s*(?:\$|#|>>>|%) ", re.MULTILINE)
_NAMED = re.compile(r"[^\W\d_]{2,} \(\Z")  # Jane Doe (@jane)
_TAGGED = re.compile(r"\W{0,2}\s(?:or @\w+ )?(?:inline )?(?:tags?|annotations?|blocks?|directives?)\b")
_WORDS = re.compile(r"[,:]?\s+[^\W\d_]{2,}")
_WORD_BEFORE = re.compile(r"[^\W\d_]{2,}[,.:;!?…]?\s[\"“‘.(]?\Z|\d\s\Z|[\u3040-\u9fff]\s?\Z")


class UserName(Recognizer):
    """`@name` in running text, `@name@host`, `u/name`: not tags, decorators, rules of CSS, scopes of packages, accounts."""

    types: ClassVar[tuple[str, ...]] = ("user_name",)
    kinds: ClassVar[tuple[int, ...]] = (HANDLE, AT)
    words: ClassVar[tuple[str, ...]] = ("/u/", " u/")
    whole: ClassVar[bool] = False

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """The name behind each at sign, weighed by what stands on its line."""
        reached = -1
        for at in candidates:
            if at.start < reached:
                continue
            stop = page.offsets[at.row + 1]
            if at.kind == LITERAL:
                name = _REDDIT.match(page.data, at.end, min(stop, at.end + 32))
                if name is not None and page.data[at.end - 2] == 117:  # a small u
                    site = page.before(at.row, at.start, 12) if page.data[at.start] == 47 else ""
                    if not site or site[-1] in " \n(\"'" or site.endswith("reddit.com"):
                        yield Hit(at.row, name.start(), name.end(), "user_name", CUED)
                continue
            name = _NAME.match(page.data, at.end, min(stop, at.end + 40))
            if name is None or not _stands_alone(page, at):
                continue
            host = _INSTANCE.match(page.data, name.end(), min(stop, name.end() + 120))
            reached = host.end(1) if host else name.end()
            if host is not None and host[2].decode() in TOP_LEVEL_DOMAINS:
                yield Hit(at.row, at.start, reached, "user_name", SURE)
            elif host is None:
                yield Hit(at.row, at.start, reached, "user_name", _score(page, at, name.group().decode(), reached))


def _stands_alone(page: Page, at: Candidate) -> bool:
    """Whether the at sign does not go on with a word."""
    if at.kind == HANDLE:
        return True
    before = page.before(at.row, at.start, 4)[-1:]
    return not before.isalnum() and before not in "=-+.%&#$`{|~^!?"


def _score(page: Page, at: Candidate, name: str, end: int) -> float:
    before = page.before(at.row, at.start, 60).rpartition("\n")[2]
    after = page.after(at.row, end, 40).partition("\n")[0]
    if _NETWORKS.search(before):
        return SURE
    if name.lower() in _TAGS or name[0].isdigit() or after[:1] in _CALLED or before[-1:] in _JOINED:
        return NONE
    if before.endswith("(") and not (_NAMED.search(before) and after.startswith(")")):
        return NONE
    if _CODE.search(before) or _CODE.search(after) or (not before.strip() and not _WORDS.match(after)):
        return LOW
    if _CUES.search(before[-20:]):
        return CUED
    if before.startswith(("    ", "\t")) or name.isupper() or _TAGGED.match(after):
        return LOW
    around = page.before(at.row, at.start, 120) + " " + page.after(at.row, end, 120)
    if _PROGRAM.search(around) or not (_WORD_BEFORE.search(before) or (not before.strip() and _WORDS.match(after))):
        return LOW
    return FAIR
