"""datatrove's sentence de-duplication: `python rival_sentence_dedup.py INPUT OUTPUT`, run by spans.py."""

import sys
import time

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import SentenceDedupFilter, SentenceDedupSignature, SentenceFindDedups
from datatrove.pipeline.dedup.sentence_dedup import SentDedupConfig
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

source, out = sys.argv[1:]
config = SentDedupConfig()
reader = JsonlReader(source)
steps = [
    [reader, SentenceDedupSignature(f"{out}/signatures", config=config)],
    [SentenceFindDedups(f"{out}/signatures", f"{out}/found", config=config)],
    [reader, SentenceDedupFilter(f"{out}/found", config=config), JsonlWriter(f"{out}/data", compression=None)],
]
began = time.process_time()
for number, pipeline in enumerate(steps):
    LocalPipelineExecutor(pipeline, tasks=1, logging_dir=f"{out}/logs/{number}").run()
print(time.process_time() - began)
