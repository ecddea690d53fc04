"""What a tokenizer is to be, in a recipe and on the command line alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from datapipe.core.path_parameters import ModelPath
from datapipe.core.sizes import Size

Kind = Literal["byte_level_bpe", "sentencepiece_bpe", "sentencepiece_unigram", "wordpiece"]
Role = Literal["unk", "bos", "eos", "pad", "cls", "sep", "mask"]

# What models of the kind have: Llama 2, GPT-2, BERT.
SPECIAL: dict[Kind, dict[Role, str]] = {
    "sentencepiece_bpe": {"unk": "<unk>", "bos": "<s>", "eos": "</s>"},
    "sentencepiece_unigram": {"unk": "<unk>", "bos": "<s>", "eos": "</s>"},
    "byte_level_bpe": {"eos": "<|endoftext|>"},
    "wordpiece": {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"},
}
# What a model that is extended may call them, where the recipe does not say.
USUAL: dict[str, Role] = {
    "<unk>": "unk", "<s>": "bos", "<bos>": "bos", "<|begin_of_text|>": "bos", "</s>": "eos", "<eos>": "eos",
    "<|endoftext|>": "eos", "<|end_of_text|>": "eos", "<pad>": "pad",
}  # fmt: skip
UNKNOWN_NEEDED = ("sentencepiece_bpe", "sentencepiece_unigram", "wordpiece")


class TokenizerSettings(BaseModel):
    """Parameters of a tokenizer and of the sample it is learnt from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = Field("byte_level_bpe", description="the model, and the library that learns it")
    vocab_size: int = Field(32_000, ge=2, description="tokens, special ones among them; that many there will be")
    special_tokens: dict[Role, str] | None = Field(
        None,
        description="the token of each role, by default the kind's own: <unk>, <s>, </s> (sentencepiece), <|endoftext|> as "
        "eos (byte_level_bpe), [PAD], [UNK], [CLS], [SEP], [MASK] (wordpiece); they have the first ids, in this order",
    )
    additional_tokens: tuple[str, ...] = Field((), description="further special tokens, such as <|im_start|>")
    user_symbols: tuple[str, ...] = Field((), description="texts that are always one token, not special ones")
    byte_fallback: bool = Field(True, description="sentencepiece: characters without a piece become bytes, not unk")
    split_digits: bool = Field(
        True, description="each digit by itself; without it runs of up to 3 (byte_level_bpe with cl100k), or any"
    )
    normalization: Literal["identity", "nfc", "nfkc"] = Field(
        "identity", description="nfkc harms: it turns ² into 2 and … into three dots; sentencepiece has no nfc"
    )
    character_coverage: float = Field(
        0.9995, gt=0, le=1, description="share of the sample's characters that have tokens; sentencepiece and wordpiece"
    )
    dummy_prefix: bool = Field(
        False, description="sentencepiece: a blank before the text, as Llama 2 has it; without it as Gemma"
    )
    pattern: Literal["cl100k", "gpt2"] = Field("cl100k", description="byte_level_bpe: how text is cut into words")
    extend: ModelPath | None = Field(
        None,
        description="a model to add tokens to, up to vocab_size: SentencePiece's file, or tokenizer.json of byte-level BPE; its "
        "own tokens keep their ids, and kind, digits and pattern are as they are there",
    )
    sample: Size = Field(
        100_000_000,
        description="bytes of text to learn from; 100MB take about 2 GB of memory for a unigram model, less for others",
    )
    temperature: float = Field(
        1.0,
        ge=1,
        description="T: a source and language that is the share p of the corpus is p^(1/T) of the sample, until all of it is "
        "taken; 1: as in the corpus; 3.33 for XLM-R's 0.3",
    )
    source_weights: Mapping[str, float] = Field({}, description="by source: how many times as much of it is wanted")
    lang_weights: Mapping[str, float] = Field({}, description="by language: how many times as much of it is wanted")

    @property
    def special(self) -> dict[Role, str]:
        """The token of each role."""
        return dict(SPECIAL[self.kind] if self.special_tokens is None else self.special_tokens)

    @property
    def reserved(self) -> list[str]:
        """Special tokens, in the order of their ids."""
        return [*self.special.values(), *self.additional_tokens]

    @model_validator(mode="after")
    def _possible(self) -> Self:
        named = [*self.reserved, *self.user_symbols]
        if any(not token for token in named):
            raise ValueError("a token is empty; expected a text such as <s>")
        twice = sorted({token for token in named if named.count(token) > 1})
        if twice:
            raise ValueError(f"the token {twice[0]} is named twice")
        if self.kind in UNKNOWN_NEEDED and "unk" not in self.special:
            raise ValueError(f"special_tokens: {self.kind} needs unk, such as <unk>")
        if self.normalization == "nfc" and self.kind.startswith("sentencepiece"):
            raise ValueError("normalization: sentencepiece has no nfc; expected identity or nfkc")
        for name, weights in (("source_weights", self.source_weights), ("lang_weights", self.lang_weights)):
            wrong = sorted(key for key, weight in weights.items() if not 0 <= weight < float("inf"))
            if wrong:
                raise ValueError(f"{name}: {wrong[0]} is {weights[wrong[0]]}; expected 0 or more")
        if len(named) >= self.vocab_size:
            raise ValueError(
                f"vocab_size: {self.vocab_size:,} tokens, of which {len(named):,} are named; none are left"
            )
        bytes_ = 256 * (self.kind == "byte_level_bpe" or (self.kind.startswith("sentencepiece") and self.byte_fallback))
        if self.extend is None and self.vocab_size < bytes_ + len(named):
            raise ValueError(
                f"vocab_size: {self.vocab_size:,} tokens, but the 256 bytes and named tokens alone are {256 + len(named):,}"
            )
        return self
