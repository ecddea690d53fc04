"""The published policies by name."""

from __future__ import annotations

from typing import Literal

from datapipe.core.pii.published.bigcode import BigCode
from datapipe.core.pii.published.bloom import Bloom
from datapipe.core.pii.published.dolma import Dolma
from datapipe.core.pii.published.fineweb import FineWeb
from datapipe.core.pii.published.policy import Policy

Preset = Literal["fineweb", "dolma", "bloom", "bigcode"]
POLICIES: dict[Preset, type[Policy]] = {"fineweb": FineWeb, "dolma": Dolma, "bloom": Bloom, "bigcode": BigCode}
