"""Many clients at once against the real server: each is answered or told when to come back, and nothing grows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.assistant.web.load_web import measure, served


@pytest.mark.slow
def test_fifty_clients_for_a_minute_leave_the_server_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is no failure and no answer about another's picture, refusals and /healthz are quick, and nothing grows."""
    with served(home=tmp_path) as (target, pid):
        text, load, before, after = measure(target, pid, clients=50, seconds=60.0)
    with capsys.disabled():
        print("\n" + text)  # noqa: T201 - the measurement
    assert load.failures == {}
    assert load.wrong == 0
    assert len(load.served_after) == 50  # each client that comes back as it is told is answered
    assert len(load.answered) > 30
    assert set(load.refusals) <= {"queue_full"}
    assert sorted(load.refused)[len(load.refused) // 2] < 1.0
    assert sorted(load.health)[len(load.health) // 2] < 1.0
    assert after.threads <= before.threads
    assert after.open_files <= before.open_files + 5
    assert after.rss_bytes < before.rss_bytes + 64e6
