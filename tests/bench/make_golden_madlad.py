"""Ask datamap-rs's own rules (commit f771794) for the sentence counts of tests/ops/golden_madlad.json.

Run from the project's root, beside a checkout of allenai/datamap-rs, with cargo; datapipe is not needed. The four functions
are taken from src/map_fxn.rs, compiled in a program of their own, and asked of each sentence (aho-corasick 0.7, regex
1.7 and unicode-segmentation 1.9 gave the stored answers):
    python tests/bench/make_golden_madlad.py DATAMAP FOLDER sample_data/web/web.jsonl.zst tests/ops/golden_madlad.json
FOLDER is where the program is built; a .cargo/config.toml there may name another source of crates.
"""

import gzip
import io
import itertools
import json
import subprocess
import sys
from pathlib import Path

import zstandard

CARGO = """[package]
name = "madlad"
version = "0.1.0"
edition = "2021"
[dependencies]
regex = "1"
aho-corasick = "0.7"
unicode-segmentation = "1"
"""
# Reads `length newline bytes` for each text, writes a line for each: sentences, and which of them each rule names.
PROGRAM = """use std::{collections::HashSet, io::Read};
use aho_corasick::AhoCorasick;
use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;
struct Rules {
    case_upper_bound: f32, case_tok_lower_bound: usize, char_len_lower_bound: usize, char_len_upper_bound: usize,
    tech_lower_bound: f32, tech_charset: HashSet<char>, cursed_inclusions: AhoCorasick, cursed_regexes: Vec<Regex>,
}
impl Rules {
@FUNCTIONS@
}
fn main() {
    let file = std::fs::read_to_string("cursed.txt").unwrap();
    let lines: Vec<&str> = file.lines().collect();
    let (plain, wild) = lines.split_at(lines.len() - 4);
    let rules = Rules {
        case_upper_bound: 0.5, case_tok_lower_bound: 12, char_len_lower_bound: 20, char_len_upper_bound: 500,
        tech_lower_bound: 0.2, tech_charset: "0123456789{}+/()>".chars().collect(),
        cursed_inclusions: AhoCorasick::new(plain),
        cursed_regexes: wild.iter().map(|line| Regex::new(line).unwrap()).collect(),
    };
    let ends = Regex::new(r"[.!?]+\\s+").unwrap();
    let mut all = String::new();
    std::io::stdin().read_to_string(&mut all).unwrap();
    let mut rest = &all[..];
    while let Some(at) = rest.find('\\n') {
        let size: usize = rest[..at].parse().unwrap();
        let text = &rest[at + 1..at + 1 + size];
        rest = &rest[at + 1 + size..];
        let sentences: Vec<&str> = ends.split(text).filter(|s| s.trim().len() > 0).collect();
        let count = |rule: &dyn Fn(&str) -> bool| sentences.iter().filter(|s| rule(s)).count();
        println!("[{},{},{},{},{}]", sentences.len(), count(&|s| rules.list_case(s).unwrap()),
            count(&|s| rules.abnormal_len_sentence(s).unwrap()), count(&|s| rules.technical_characters(s).unwrap()),
            count(&|s| rules.check_cursed_regexes(s).unwrap()));
    }
}
"""
TITLE = "The Old Man And The Sea Was Read By Many People In Town"
LINES = (
    TITLE,
    TITLE.replace("Many", "many").replace("Read", "read").replace("By", "by").replace("People", "people"),
    TITLE.lower(),
    "A-B-C-D-E-F-G-H-I-J-K-L",
    "Can't Won't Don't It's He's She's We're They're You're I'm O'Neil D'Arcy",
    "A.B C.D E.F G.H I.J K.L",
    "_A _B _C _D _E _F _G _H _I _J _K _L",
    "A_B C_D 1_2 _3 __ A__ B C D E F G H I",
    "1,2 3.4 5;6 7:8 9'1 A:B C;D E,F G·H I’J K‘L M N",
    "Ⅷ Ⅸ Ⓐ Ⓑ ½ ² Ⅹ Ⅺ Ⅻ Ⅰ Ⅱ Ⅲ",
    "É É E\u0301 E\u0301b ÀB Ça Øl Åb Ñu Öl Üb Ćx",
    "漢字かなカタカナ混じりの文 A B",
    "ไทย ภาษา Ab Cd",
    "A1 B2 3C 4d",
    "short",
    "exactly twenty chars",
    "nineteen characters",
    "é" * 10,
    "é" * 9 + "x",
    "x" * 500,
    "x" * 501,
    "漢" * 166,
    "漢" * 167,
    "(1+2)/3 > {4}",
    "12 abcdefgh",
    "123 abcdefg",
    "ab 1234 é",
    "mp3",
    "Download it",
    "ownload",
    "Vol. 3",
    "Vol\\.x",
    "see nr.",
    "x |",
    "|",
    "a sex b",
    "5 кг.",
    "x\\|\\s*$",
    "... ... ... ... ... ... ... ... ... ...",
    ".... .... .... .... .... .... .... .... .... ....",
    "see a b c d e f g h i j",
    "x, ..,,. ..,,. ..,,. ..,,",
    "Facebook",
    "���",
    "№ 5",
    "No № 5",
    "黄色电影",
    "Episode",
    "Development",
    "a...b",
    "!!!",
    "?",
    ". . .",
    "a.\u00a0b",
    "a.\x1fb",
    "a!?\u2003b",
    "a.\u0085b",
    "\x00",
    "👍🏽 👩\u200d👧",
    "אבג דהו",
    "a\u200bB\u00adC",
)


def main(root: str, folder: str, source: str, target: str) -> None:
    code = (Path(root) / "src" / "map_fxn.rs").read_text()
    first, last = code.index("    pub fn abnormal_len_sentence"), code.index("    pub fn document_consistency")
    functions = code[first:last].replace("Result<bool, Error>", "Result<bool, ()>")
    work = Path(folder)
    (work / "src").mkdir(parents=True, exist_ok=True)
    (work / "Cargo.toml").write_text(CARGO)
    (work / "src" / "main.rs").write_text(PROGRAM.replace("@FUNCTIONS@", functions))
    (work / "cursed.txt").write_bytes(gzip.decompress((Path(root) / "banlists/madlad400_cursed.txt.gz").read_bytes()))
    with Path(source).open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf8", newline="\n")
        rows = [json.loads(line) for line in lines][::6]
    made = ["", " ", "..", *LINES, *(f"{line}. Some words stand here." for line in LINES)]
    made += [f"{a}! {b}?\n{a} {b}" for a, b in itertools.pairwise(LINES)]
    stdin = b"".join(b"%d\n%b" % (len(t.encode()), t.encode()) for t in [*made, *(row["text"] for row in rows)])
    run = subprocess.run(["cargo", "run", "--release", "-q"], cwd=work, input=stdin, capture_output=True, check=True)
    counts = [json.loads(line) for line in run.stdout.splitlines()]
    hand = [{"text": text, "counts": count} for text, count in zip(made, counts, strict=False)]
    real = [{"id": row["id"], "counts": count} for row, count in zip(rows, counts[len(made) :], strict=True)]
    text = json.dumps({"hand_made": hand, "real": real}, ensure_ascii=False, separators=(",", ":"))
    Path(target).write_text(text.replace("},{", "},\n{") + "\n")


main(*sys.argv[1:])
