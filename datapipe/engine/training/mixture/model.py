"""A small decoder-only transformer, as functions of its parameters: torch is imported where a model is made, no earlier."""

from __future__ import annotations

from typing import Any

from datapipe.core.seeds import step_seed
from datapipe.engine.training.mixture.settings import TransformerSettings

Parameters = dict[str, Any]
"""Tensors by name; `embedding` is tied to the output."""


def initial(torch: Any, vocabulary: int, settings: TransformerSettings, seed: int, device: str) -> Parameters:
    """Normal of 1/sqrt(inputs), nothing where a layer adds to the stream: at first each layer changes nothing."""
    draw = torch.Generator().manual_seed(step_seed(seed, "parameters") & (2**63 - 1))
    width = settings.width

    def normal(*shape: int, scale: float) -> Any:
        return torch.randn(*shape, generator=draw) * scale

    found = {
        "embedding": normal(vocabulary, width, scale=width**-0.5),
        "position": normal(settings.context, width, scale=0.5 * width**-0.5),
        "before": torch.full((width,), 0.5),
    }
    for layer in range(settings.layers):
        found[f"{layer}.attend"] = normal(width, 3 * width, scale=width**-0.5)
        found[f"{layer}.attended"] = torch.zeros(width, width)
        found[f"{layer}.widen"] = normal(width, 4 * width, scale=width**-0.5)
        found[f"{layer}.narrow"] = torch.zeros(4 * width, width)
    return {name: value.to(device).requires_grad_() for name, value in found.items()}


def losses(torch: Any, given: Parameters, settings: TransformerSettings, tokens: Any) -> Any:
    """Nats of each token after the first, by sequence: (sequences, tokens - 1) of (sequences, tokens), of any length
    up to context + 1.

    The stream begins as a token and a share of the one before; layers are RMSNorm, causal attention, RMSNorm, a GELU
    layer of four widths; no biases.
    """
    functional = torch.nn.functional
    width, heads = settings.width, settings.heads
    inputs, wanted = tokens[:, :-1], tokens[:, 1:]
    rows, length = inputs.shape
    embedded = functional.embedding(inputs, given["embedding"])
    before = functional.pad(embedded, (0, 0, 1, 0))[:, :-1]
    stream = embedded + given["before"] * before + given["position"][:length]
    for layer in range(settings.layers):
        mixed = functional.rms_norm(stream, (width,)) @ given[f"{layer}.attend"]
        query, key, value = mixed.view(rows, length, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        stream = stream + seen.transpose(1, 2).reshape(rows, length, width) @ given[f"{layer}.attended"]
        wide = functional.gelu(functional.rms_norm(stream, (width,)) @ given[f"{layer}.widen"], approximate="tanh")
        stream = stream + wide @ given[f"{layer}.narrow"]
    scores = functional.rms_norm(stream, (width,)) @ given["embedding"].T
    return functional.cross_entropy(scores.flatten(0, 1), wanted.flatten(), reduction="none").view(rows, length)
