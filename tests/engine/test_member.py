"""What falls to a member of a job array, and what it looks at of the others'."""

from __future__ import annotations

import pytest

from datapipe.engine.member import Member


@pytest.mark.parametrize("tasks", [0, 1, 3, 4, 5, 17])
def test_parts_cover_everything_and_the_last_of_others_are_theirs(tasks: int) -> None:
    members = [Member(i, 4, shared=True) for i in range(4)]
    assert sorted(n for member in members for n in member.part(tasks)) == list(range(tasks))
    for member in members:
        others = [other.part(tasks) for other in members if other != member]
        assert member.others(tasks) == sorted(n for part in others for n in part)
        assert member.others(tasks, last=True) == sorted(part[-1] for part in others if part)
