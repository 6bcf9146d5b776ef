"""`seesay run` while its microphone, loudspeaker, camera and button go away and come back.

    pytest -m slow tests/test_faults.py -s      # 50 faults in one run, and the table

Sound server and camera are real programs, the button is a named pipe. A fault is noticed when the program says so, and
healed when it says that the device is back. Sound, camera and button have faults at the same time.
"""

from __future__ import annotations

import io
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assistant.button.input_devices import EV_KEY
from assistant.cli.demo import demo_scene
from audio.demo_model.synthesis.voices import HELD_OUT_VOICES
from audio.pcm import AudioChunk
from audio.speaking.synthesizer import Synthesizer
from audio.wav import write_wav
from tests.assistant.button.test_input_devices import Machine
from tests.test_whole import START_SECONDS, RunningSeeSay, transcribed, wait_for_quiet
from tests.virtual_sound import Recording, VirtualSoundCard, missing_tools
from tests.vision.network_camera import NetworkCamera
from vision.demo_model.world import draw

NOTICED_SECONDS = 3.0
HEALED_SECONDS = 5.0
LIMIT_SECONDS = 30.0  # after that a device counts as never noticed, or never healed
AWAY_SECONDS = 0.25  # from the notice to the return, at least
SILENT_SECONDS = 0.7  # longer than the pause between two sentences
# The loudspeaker's stream is closed when nothing was played for 5 s. In the short run threads and files are counted
# while it is still open, before and after, because that costs no wait.
AWAKE_SECONDS = 1.0
SAID_SECONDS = 4.0  # from a fault to the first sound of the sentence about it: the voice may be saying another one
KEY = 164

pytestmark = [
    pytest.mark.device,
    pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools())),
]

wait = threading.Event().wait


class FaultySoundCard(VirtualSoundCard):
    """A sound card whose devices can be taken out one by one."""

    def take_out(self, what: str) -> None:
        """Unloads the module whose arguments have this word, such as "source_name=mic"."""
        for line in self.pactl("list", "short", "modules").splitlines():
            number, _, arguments = line.split("\t")[:3]
            if what in arguments.split():
                self.pactl("unload-module", number)
                return
        raise AssertionError(f"no module {what}")

    def plug_in_microphone(self, name: str) -> None:
        self.pactl(
            "load-module", "module-remap-source", f"source_name={name}", "master=mic_in.monitor", "channels=1",
            "channel_map=mono",
        )  # fmt: skip
        self.pactl("set-default-source", name)

    def plug_in_loudspeaker(self, name: str) -> None:
        self.pactl("load-module", "module-null-sink", f"sink_name={name}", "rate=48000")
        self.pactl("set-default-sink", name)
        self._spawn(["parec", f"--device={name}.monitor", "--latency-msec=10"])


class FaultyCamera:
    """An address at which a network camera shows one picture, and freezes, vanishes or sends garbage on demand."""

    def __init__(self, jpegs: dict[str, list[bytes]]) -> None:
        self._jpegs = jpegs
        self._sent = 0
        self._mode = "picture"
        self._camera = self._start(0)
        self.url = self._camera.url

    def send(self, mode: str) -> None:
        self._mode = mode

    def freeze(self) -> None:
        self._camera.sending.clear()

    def thaw(self) -> None:
        self._camera.sending.set()

    def cut(self) -> None:
        self._camera.cut()

    def come_back(self) -> None:
        self._camera = self._start(self._camera.port)

    def close(self) -> None:
        self._camera.__exit__(None, None, None)

    def _start(self, port: int) -> NetworkCamera:
        faulty = self

        class Camera(NetworkCamera):
            def _part(self) -> bytes:
                return faulty.part()

        return Camera(port=port, interval_seconds=0.05)

    def part(self) -> bytes:
        self._sent += 1
        noise = np.random.default_rng(self._sent).bytes(20_000)
        if self._mode == "noise":
            return noise
        jpegs = self._jpegs.get(self._mode, [noise])
        data = jpegs[self._sent % len(jpegs)]
        return b"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(data), data)


class WatchedSeeSay(RunningSeeSay):
    """The program, with the moments at which it printed something."""

    def mark(self) -> int:
        with self._said:
            return len(self.messages)

    def seconds_until(self, mark: int, words: str, began: float) -> float:
        """Seconds from `began` until it printed these words after `mark`; infinite if it did not."""
        with self._said:
            done = self._said.wait_for(lambda: any(words in line for line in self.messages[mark:]), LIMIT_SECONDS)
        return time.monotonic() - began if done else float("inf")


@dataclass(frozen=True)
class Fault:
    """What is done, and how to see that it was noticed and healed. "" where there is nothing to notice."""

    name: str
    lane: str  # sound, camera or button: faults of different lanes happen at the same time
    begin: Callable[[House], None]
    end: Callable[[House], None]
    lost: str = ""
    back: str = ""
    said: bool = False  # the loudspeaker works meanwhile, so that the sentence about the loss can be heard


@dataclass(frozen=True)
class Outcome:
    fault: Fault
    noticed_seconds: float
    said_seconds: float | None
    healed_seconds: float

    def __str__(self) -> str:
        noticed = f"{self.noticed_seconds:5.1f} s" if self.fault.lost else "      –"
        said = "      –" if self.said_seconds is None else f"{self.said_seconds:5.1f} s"
        healed = f"{self.healed_seconds:5.1f} s" if self.fault.back else "      –"
        return f"| {self.fault.name:<44} | {noticed} | {said} | {healed} |"

    @property
    def is_good(self) -> bool:
        return (
            self.noticed_seconds <= NOTICED_SECONDS
            and self.healed_seconds <= HEALED_SECONDS
            and (self.said_seconds is None or self.said_seconds <= SAID_SECONDS)
        )


class House:
    """A program, and all its devices."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.folder = folder
        scene = draw(demo_scene()[0])
        jpegs = {"picture": _jpegs(scene, 1), "smaller": _jpegs(scene, 2)}
        self.camera = FaultyCamera(jpegs)
        stack.callback(self.camera.close)
        self.card = stack.enter_context(FaultySoundCard())
        self.machine = Machine(folder)
        stack.callback(self.machine.close)
        self.machine.plug_in("event3", "Big Switch", KEY)
        _speak(folder, {"color": "what color is the circle"})
        (folder / "config.toml").write_text(
            f'[seeing]\ncamera = "{self.camera.url}"\n'
            f'[activation]\nby = "button"\n[button]\ndevice = "Big Switch"\nkey = {KEY}\n',
            encoding="utf-8",
        )
        self.seesay = stack.enter_context(
            WatchedSeeSay(
                self.card,
                folder,
                under=[sys.executable, "-m", "tests.fault_program", str(folder / "dev"), str(folder / "sys")],
            )
        )
        with self.card.record_loudspeaker() as greeting:
            self.seesay.wait_for_message("listening", START_SECONDS)
            _seconds_until_sound(greeting, greeting.started_at)
        self.press()  # the greeting is long, and a press ends it

    def repeat(self) -> str:
        """What is said after a double press."""
        self._wait_until_silent()
        with self.card.record_loudspeaker() as recording:
            self.press()
            wait(0.1)
            self.press()
            wait_for_quiet(recording, 1.0)
        return transcribed(recording.samples, self.folder, "repeated")

    def press(self) -> None:
        """Presses the button for a moment. It also opens the named pipe, which tells of its loss only from then on."""
        self.machine.send("event3", (EV_KEY, KEY, 1))
        wait(0.05)
        self.machine.send("event3", (EV_KEY, KEY, 0))

    def ask(self, words: str) -> str:
        """The answer to the spoken words, once nothing is being said any more that a press would stop."""
        self._wait_until_silent()
        self.seesay.forget_answers()
        self.press()
        wait(0.3)
        self.card.play_into_microphone(self.folder / f"{words}.wav")
        answer: str = self.seesay.answer()["answer"]
        return answer

    def _wait_until_silent(self) -> None:
        while True:
            with self.card.record_loudspeaker() as recording:
                wait(SILENT_SECONDS)
            if not np.any(np.abs(recording.samples.astype(np.int32)) > 200):
                return

    def suffer(self, faults: list[Fault], *, at_once: bool) -> list[Outcome]:
        """All faults one after the other, or `at_once` one of each lane. Alone, what is said about it is heard too."""
        if not at_once:
            return [self._suffer(fault) for fault in faults]
        faults = [replace(fault, said=False) for fault in faults]
        lanes = [[fault for fault in faults if fault.lane == lane] for lane in ("sound", "camera", "button")]
        with ThreadPoolExecutor(len(lanes)) as pool:
            done = list(pool.map(lambda lane: [self._suffer(fault) for fault in lane], lanes))
        return [outcome for lane in done for outcome in lane]

    def _suffer(self, fault: Fault) -> Outcome:
        if fault.said:
            self._wait_until_silent()
        with ExitStack() as stack:
            recording = stack.enter_context(self.card.record_loudspeaker()) if fault.said else None
            mark, began = self.seesay.mark(), time.monotonic()
            fault.begin(self)
            noticed = self.seesay.seconds_until(mark, fault.lost, began) if fault.lost else 0.0
            said = None if recording is None else _seconds_until_sound(recording, began)
            wait(AWAY_SECONDS)
            mark, began = self.seesay.mark(), time.monotonic()
            fault.end(self)
            began = max(began, time.monotonic() - 0.5) if fault.name.startswith("sound server") else began
            healed = self.seesay.seconds_until(mark, fault.back, began) if fault.back else 0.0
        return Outcome(fault, noticed, said, healed)


def _seconds_until_sound(recording: Recording, began: float) -> float:
    """Seconds from `began` to the next sound from the loudspeaker; infinite if there is none."""
    deadline = time.monotonic() + LIMIT_SECONDS
    first = max(0, round((began - recording.started_at) * 48_000))
    while time.monotonic() < deadline:
        loud = np.flatnonzero(np.abs(recording.samples[first:].astype(np.int32)) > 200)
        if len(loud):
            return float(loud[0] / 48_000)
        wait(0.05)
    return float("inf")


def _jpegs(picture: Image.Image, divisor: int) -> list[bytes]:
    """The picture several times, each with other noise, as a camera gives it: one that never changes counts as frozen."""
    small = picture.convert("RGB").resize((picture.width // divisor, picture.height // divisor))
    chance, jpegs = np.random.default_rng(1), []
    for _ in range(16):
        noisy = np.asarray(small).astype(np.int16) + chance.integers(-1, 2, (small.height, small.width, 3))
        buffer = io.BytesIO()
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=95)
        jpegs.append(buffer.getvalue())
    return jpegs


def _speak(folder: Path, spoken: dict[str, str]) -> None:
    with Synthesizer(voice=HELD_OUT_VOICES[0], rate_wpm=150) as stranger:
        for name, words in spoken.items():
            chunk = stranger.synthesize(words)
            quiet = np.zeros(chunk.sample_rate_hz // 5, np.int16)
            samples = np.concatenate([quiet, chunk.samples, quiet])
            write_wav(folder / f"{name}.wav", AudioChunk(samples, chunk.sample_rate_hz))


MICROPHONE = {"lost": "microphone", "back": "the microphone is back"}
CAMERA = {"lane": "camera", "said": True, "lost": "has given no picture", "back": "the camera is back"}
BUTTON = {"lane": "button", "said": True, "lost": "there is no input device", "back": "the button is back"}


def _swap_loudspeaker(house: House, gone: str, comes: str) -> None:
    house.card.plug_in_loudspeaker(comes)
    house.card.take_out(f"sink_name={gone}")


def _lose_loudspeaker(house: House) -> None:
    house.card.take_out("sink_name=spk")
    house.card.pactl("load-module", "module-null-sink", "sink_name=auto_null")  # what module-always-sink does
    house.card.pactl("set-default-sink", "auto_null")


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("sound server killed and restarted", "sound",
              lambda house: house.card.unplug(), lambda house: house.card.replug(), **MICROPHONE),
        Fault("sound server frozen", "sound",
              lambda house: house.card.freeze(), lambda house: house.card.thaw(), **MICROPHONE),
        Fault("microphone suspended", "sound",
              lambda house: house.card.pactl("suspend-source", "mic", "1") and None,
              lambda house: house.card.pactl("suspend-source", "mic", "0") and None, said=True, **MICROPHONE),
        Fault("microphone removed", "sound",
              lambda house: house.card.take_out("source_name=mic"),
              lambda house: house.card.plug_in_microphone("mic"), said=True, **MICROPHONE),
        Fault("microphone back under another name", "sound",
              lambda house: house.card.take_out("source_name=mic"),
              lambda house: house.card.plug_in_microphone("headset"), said=True, **MICROPHONE),
        Fault("the other name replaced by the first one", "sound",
              lambda house: house.card.take_out("source_name=headset"),
              lambda house: house.card.plug_in_microphone("mic"), said=True, **MICROPHONE),
        Fault("default microphone changed and changed back", "sound",
              lambda house: house.card.plug_in_microphone("headset"),
              lambda house: house.card.take_out("source_name=headset")),
        Fault("loudspeaker removed, the last one", "sound", _lose_loudspeaker,
              lambda house: _swap_loudspeaker(house, "auto_null", "spk"),
              lost="no loudspeaker left", back="the loudspeaker is back"),
        Fault("default loudspeaker changed, the old one removed", "sound",
              lambda house: _swap_loudspeaker(house, "spk", "headphones"),
              lambda house: _swap_loudspeaker(house, "headphones", "spk")),
        Fault("camera frozen", begin=lambda house: house.camera.freeze(), end=lambda house: house.camera.thaw(),
              **CAMERA),
        Fault("camera cut off", begin=lambda house: house.camera.cut(), end=lambda house: house.camera.come_back(),
              **CAMERA),
        Fault("camera sends garbage", begin=lambda house: house.camera.send("noise"),
              end=lambda house: house.camera.send("picture"), **CAMERA),
        Fault("camera sends garbage as pictures", begin=lambda house: house.camera.send("garbage"),
              end=lambda house: house.camera.send("picture"), **CAMERA),
        Fault("camera changes its size", "camera", lambda house: house.camera.send("smaller"),
              lambda house: house.camera.send("picture")),
        Fault("button unplugged", begin=lambda house: house.machine.unplug("event3"),
              end=lambda house: house.machine.plug_in("event3", "Big Switch", KEY) and None, **BUTTON),
    )
}  # fmt: skip

SHORT = [
    "sound server killed and restarted",
    "microphone back under another name",
    "loudspeaker removed, the last one",
    "camera frozen",
    "camera cut off",
    "camera sends garbage",
    "camera changes its size",
    "button unplugged",
]
RUN_FAULTS = 50


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with ExitStack() as stack:
        yield House(stack, tmp_path)


def test_every_device_may_go_and_come_back(house: House) -> None:
    """Eight faults are noticed and healed in time, and afterwards the last answer is repeated and another is given."""
    _run(house, [[FAULTS[name] for name in SHORT]], at_once=True)


@pytest.mark.slow
def test_fifty_faults_leave_nothing_behind(house: House) -> None:
    """All are noticed and healed in time, the last answer is remembered after each round, and no thread or file stays."""
    names = list(FAULTS)
    rounds, left = [], RUN_FAULTS
    while left:
        rounds.append([FAULTS[name] for name in names[:left]])
        left -= len(rounds[-1])
    _run(house, rounds, at_once=False)


def _run(house: House, rounds: list[list[Fault]], *, at_once: bool) -> None:
    assert house.ask("color") == "The circle is red."
    before = _least(house) if at_once else _settled(house, (0, 0))
    outcomes = []
    try:
        for faults in rounds:
            outcomes += house.suffer(faults, at_once=at_once)
            assert "circle is red" in house.repeat()
            assert house.ask("color") == "The circle is red."
        after = _least(house) if at_once else _settled(house, before)
    finally:
        _print(outcomes, house.seesay.messages)
    sys.stdout.write(f"threads {before[0]} before, {after[0]} after; files {before[1]}, {after[1]}\n")
    bad = [str(outcome) for outcome in outcomes if not outcome.is_good]
    assert not bad, "\n".join(bad)
    assert after[0] <= before[0], "threads are left behind"
    assert after[1] <= before[1], "files are left open"


def _settled(house: House, aim: tuple[int, int]) -> tuple[int, int]:
    """Threads and open files once the loudspeaker rests, or once they are no more than `aim`."""
    deadline = time.monotonic() + 10.0
    while time.monotonic() < deadline:
        counts = house.seesay.threads_and_files()
        if counts[0] <= aim[0] and counts[1] <= aim[1]:
            break
        wait(0.2)
    return house.seesay.threads_and_files()


def _least(house: House) -> tuple[int, int]:
    """The fewest threads and open files within `AWAKE_SECONDS`: what ends a moment after an answer does not count."""
    ends_at, counts = time.monotonic() + AWAKE_SECONDS, []
    while time.monotonic() < ends_at:
        counts.append(house.seesay.threads_and_files())
        wait(0.1)
    return min(threads for threads, _ in counts), min(files for _, files in counts)


def _print(outcomes: list[Outcome], messages: list[str]) -> None:
    lines = ["| fault | noticed after | said after | back after |", "|---|---|---|---|", *map(str, outcomes)]
    sys.stdout.write("\n" + "\n".join(lines) + f"\n{len(outcomes)} faults\n")
    if any(not outcome.is_good for outcome in outcomes):
        sys.stdout.writelines(messages)
