"""The processor time of `seesay run` while nobody speaks, as the kernel measures it on the program that ships.

    pytest -m slow tests/test_idle.py -s      # prints the table

The sound card is a virtual one, through PulseAudio; a real device costs less. Threads have names in the table only if
Python gives the names to the kernel (from 3.14 on). The others can be told apart by their wakings a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from assistant.cli.demo import demo_scene
from tests.test_whole import RunningSeeSay
from tests.virtual_sound import VirtualSoundCard, missing_tools
from tests.vision.network_camera import NetworkCamera
from vision.demo_model.world import draw

MOST_CORES = 0.03  # the aim: 3 % of one core
MOST_CORES_WATCHING = 0.07
SETTLING_SECONDS = 15.0  # the greeting, and the time until the loudspeaker is put to rest
SECONDS = 60.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.device,
    pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools())),
    pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="this kernel keeps no schedstat"),
]


def cpu_of_threads(pid: int) -> dict[tuple[int, str], tuple[float, int]]:
    """For each thread: the CPU seconds, to the nanosecond, and how often it has waited for something."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        seconds = int((task / "schedstat").read_text().split()[0]) / 1e9
        waits = (task / "status").read_text().split("\nvoluntary_ctxt_switches:")[1].split()[0]
        found[int(task.name), (task / "comm").read_text().strip()] = (seconds, int(waits))
    return found


@pytest.fixture(params=["a picture", "a network camera", "a network camera of 1080 lines"])
def camera(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with ExitStack() as stack:
        if request.param == "a picture":
            draw(demo_scene()[0]).save(tmp_path / "picture.png")
            yield str(tmp_path / "picture.png")
        elif request.param.endswith("lines"):
            server = NetworkCamera(size=(1920, 1080), interval_seconds=1 / 30, detailed=True)
            yield stack.enter_context(server).url
        else:
            yield stack.enter_context(NetworkCamera()).url


def test_waiting_for_speech_costs_next_to_nothing(camera: str, tmp_path: Path) -> None:
    """Waiting for speech takes at most 3 % of one core, with any camera."""
    assert share_of_a_core(f'[seeing]\ncamera = "{camera}"\n', tmp_path) <= MOST_CORES


def test_watching_for_a_still_picture_costs_little(camera: str, tmp_path: Path) -> None:
    """With `ahead = "still"` it takes at most 7 % of one core while there is nothing new to look at."""
    config = f'[seeing]\ncamera = "{camera}"\nahead = "still"\n'
    assert share_of_a_core(config, tmp_path) <= MOST_CORES_WATCHING


def share_of_a_core(config: str, tmp_path: Path) -> float:
    """Runs SeeSay for a minute while nobody speaks, prints what each thread costs, and returns their sum."""
    (tmp_path / "config.toml").write_text(config, encoding="utf-8")
    with VirtualSoundCard() as card, RunningSeeSay(card, tmp_path) as seesay:
        seesay.wait_for_message("listening")
        wait = threading.Event().wait
        wait(SETTLING_SECONDS)
        before, began = cpu_of_threads(seesay.process.pid), time.monotonic()
        wait(SECONDS)
        after, seconds = cpu_of_threads(seesay.process.pid), time.monotonic() - began
    total = 0.0
    for thread, (used, waits) in sorted(after.items(), key=lambda item: -item[1][0]):
        used_before, waits_before = before.get(thread, (0.0, 0))
        total += used - used_before
        if used - used_before > 1e-4 * seconds:
            cost, often = (used - used_before) / seconds, (waits - waits_before) / seconds
            print(f"{thread[1]:<16} {cost:7.2%} of a core, {often:6.1f} wakings a second")  # noqa: T201 - `-s` shows it
    print(f"{'all':<16} {total / seconds:7.2%}")  # noqa: T201
    return total / seconds
