"""The key of hashes: read where work starts, told nowhere."""

from __future__ import annotations

import hashlib
import os

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError

MIN_KEY = 16  # bytes: a shorter one can be found by trying


def secret(ctx: Context, key_file: str | None, key_env: str | None) -> bytes | None:
    """The key's bytes, without white space around them; None where the recipe names none.

    RecipeError where it is missing or too short: it tells the place and the length, never the key.
    """
    if key_file is not None:
        try:
            with ctx.open(key_file) as stream:
                key = stream.read().strip()
        except (OSError, ValueError) as error:
            raise RecipeError(f"key_file: {key_file} cannot be read: {error}") from None
        place = f"key_file: {key_file}"
    elif key_env is not None:
        if key_env not in os.environ:
            raise RecipeError(f"key_env: the environment variable {key_env} is not set")
        key, place = os.environ[key_env].strip().encode("utf-8", "surrogateescape"), f"key_env: {key_env}"
    else:
        return None
    if len(key) < MIN_KEY:
        raise RecipeError(
            f"{place}: expected a key of {MIN_KEY} bytes or more, found {len(key)}; a shorter one is found by trying"
        )
    return key


def sign(key: bytes) -> str:
    """Twelve digits that change with the key and do not tell it: runs under two keys never mix their work."""
    return hashlib.blake2b(key, digest_size=6, person=b"datapipe sign").hexdigest()
