"""datatrove's n-gram decontamination over standard input, for decontamination.py; runs where datatrove and spacy are.

Takes {"items": [[benchmark, label, query or null]], "texts": […], "gold": […]}; answers [seconds of CPU for the texts,
which gold texts it drops]. The index is made by datatrove's own function, without lighteval, which only loads benchmarks.
"""

import json
import sys
import time
import types

from datatrove.data import Document
from datatrove.pipeline.decont.n_grams import NGramsDecontConfig, NGramsDecontFilter, NGramsDecontIndexer
from datatrove.utils.hashing import create_hash_func
from datatrove.utils.word_tokenizers import load_word_tokenizer


def main() -> None:
    given = json.load(sys.stdin)
    config = NGramsDecontConfig()
    step = NGramsDecontFilter(".", config)
    hashes = create_hash_func(config.hash_config)
    index = types.SimpleNamespace(config=config, tokenizer=load_word_tokenizer("eng"), hash_func=hashes)
    step._index_hashes = {
        h: name for name, *both in given["items"] for h in NGramsDecontIndexer.compute_hashes(index, *both)
    }
    step.filter(Document(text="warm", id="0"))
    started = time.process_time()
    for text in given["texts"]:
        step.filter(Document(text=text, id="0"))
    seconds = time.process_time() - started
    print(json.dumps([seconds, [step.filter(Document(text=text, id="0")) is not True for text in given["gold"]]]))


if __name__ == "__main__":
    main()
