"""The small transformer's size and schedule."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, model_validator


class TransformerSettings(BaseModel, frozen=True, extra="forbid"):
    """Decoder-only; as it stands 0.36 million parameters, and 400 steps read 0.6 MB of English in 8 s of one CPU core.

    vocabulary  tokens of a byte-level BPE that is learnt from the sample, even over its groups, or as many as it gives;
                256 takes bytes. After 400 steps: 2.00 nats a byte with 4096 tokens, 2.10 with 2048, 2.41 with bytes
    width       of the residual stream, a multiple of `heads`    layers    heads    context, in tokens
    batch       sequences a step    steps    rate, AdamW's highest; `warmup`, the part of the steps that it rises for;
                after it a cosine to a tenth    decay, AdamW's, of matrices    clip, of the gradient's norm
    share       of each group's documents held out
    threads     of the CPU; another number may round losses otherwise
    device      auto: a GPU where there is one; there, equal runs may differ in the last digits
    """

    vocabulary: int = Field(4096, ge=256, le=65_536)
    width: int = Field(64, ge=8)
    layers: int = Field(2, ge=1)
    heads: int = Field(2, ge=1)
    context: int = Field(64, ge=2)
    batch: int = Field(8, ge=1)
    steps: int = Field(400, ge=1)
    rate: float = Field(1e-2, gt=0)
    warmup: float = Field(0.1, ge=0, le=1)
    decay: float = Field(0.1, ge=0)
    clip: float = Field(1.0, gt=0)
    share: float = Field(0.1, gt=0, lt=1)
    threads: int = Field(1, ge=1)
    device: Literal["auto", "cpu", "cuda"] = "auto"

    @model_validator(mode="after")
    def _divides(self) -> TransformerSettings:
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is no multiple of heads {self.heads}")
        return self
