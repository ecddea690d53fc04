"""A model that a step of the same recipe trains, as a parameter of a later step: `model: {step: LABEL}`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

SCHEME = "step:"


class TrainedModel(BaseModel):
    """What a step with this label trains. Put it beside the path: `model: ModelPath | TrainedModel`.

    vocab_size  tokens the model will have; the planner says it, so that columns can be declared before it is trained
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: str = Field(description="the label of the step that trains the model; it stands before this one")
    vocab_size: int = Field(0, description="known from that step; not to be given")

    def file(self, name: str) -> str:
        """What `Context.open` opens: a file of the model, such as tokenizer.json."""
        return f"{SCHEME}{self.step}/{name}"


def taken_apart(path: str) -> tuple[str, str] | None:
    """Label and file of what `file` gave; None for any other path."""
    if not path.startswith(SCHEME):
        return None
    label, _, name = path.removeprefix(SCHEME).rpartition("/")
    return label, name
