"""Steps that work on ids, and may name tokens as their tokenizer spells them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PrivateAttr, field_validator

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.operator import Operator
from datapipe.core.path_parameters import ModelGlob
from datapipe.core.tokenizers.model_file import read_tokenizer, tokenizer_among
from datapipe.core.trained import TrainedModel


def _token(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        raise ValueError("expected a token's id or its name")
    if isinstance(value, int) and not 0 <= value < 1 << 32:
        raise ValueError("expected a token's id, from 0 to 4,294,967,295, or its name")
    return value


Token = Annotated[int | str, BeforeValidator(_token, json_schema_input_type=int | str)]


class NamesTokens(Operator):
    """Parameters that are ids, or names: these are looked up in `model`, of a model still to be trained in the run."""

    model: tuple[ModelGlob, ...] | TrainedModel | None = Field(
        None,
        description="the tokenizer whose tokens are named here; default: that of the `tokenize` step before. Ids need none",
    )

    _ids: dict[str, int] = PrivateAttr(default_factory=dict)

    @field_validator("model", mode="before", json_schema_input_type=str | list[str] | TrainedModel)
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    def named(self) -> Iterable[Token | None]:
        """The tokens of the parameters, ids and names."""
        return ()

    def check_named(self) -> None:
        """ValueError if there are names, and nothing tells whose; for the validator of the class."""
        if self.model is None:
            for token in self._names():
                raise ValueError(
                    f"{token} is a token's name, and no `tokenize` step before this one tells whose: say `model`, as "
                    "tokenize has it, or give the token's id"
                )
        elif not isinstance(self.model, TrainedModel):
            tokenizer_among(self.model)

    def files(self) -> tuple[str, ...]:
        """The tokenizer, if one of its tokens is named; of a folder not the weights that lie beside it."""
        if self.model is None or isinstance(self.model, TrainedModel) or not self._names():
            return ()
        return (tokenizer_among(self.model),)

    def model_files(self) -> tuple[str, ...]:
        """The same."""
        return self.files()

    def facts(self, ctx: Context) -> Mapping[str, Any]:
        """The ids of names, unless the model is still to be trained."""
        if isinstance(self.model, TrainedModel) or not self._names():
            return {}
        self.find_named(ctx)
        return {"ids": self._ids, "remarks": [", ".join(f"{token} = {number}" for token, number in self._ids.items())]}

    def find_named(self, ctx: Context) -> None:
        """Look the names up; RecipeError for one that is no token, or whose id the step's `dtype` does not hold."""
        names = self._names()
        if not names or self.model is None:
            return
        path = self.model.file("tokenizer.json") if isinstance(self.model, TrainedModel) else self.files()[0]
        tokenizer = read_tokenizer(path, ctx)
        for token in names:
            if (number := tokenizer.id_of(token)) is None:
                raise RecipeError(f"{token} is no token of {path}; name one of its tokens, or give an id")
            if number > 0xFFFF and getattr(self, "dtype", None) == "uint16":
                raise RecipeError(f"{token} = {number}, which uint16 does not hold; say dtype: uint32")
            self._ids[token] = number

    def id_of(self, token: Token) -> int:
        """The id of a parameter's token, once names are found."""
        return self._ids[token] if isinstance(token, str) else token

    def _names(self) -> list[str]:
        return list(dict.fromkeys(token for token in self.named() if isinstance(token, str)))
