import subprocess
import sys
import threading
from pathlib import Path

import pytest

from audio.devices import SoundDevice, call_within, choose, devices, open_stream
from audio.errors import DeviceMissing

PRESENT = [
    SoundDevice(0, "HDA Intel: ALC256 (hw:0,0)", 2, 44_100),
    SoundDevice(3, "USB Audio: Headset (hw:1,0)", 1, 48_000),
    SoundDevice(4, "USB Audio: Webcam (hw:2,0)", 1, 16_000),
    SoundDevice(7, "default", 32, 44_100),
]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [(3, 3), ("3", 3), ("headset", 3), ("USB", 3), ("webcam", 4), ("hw:2,0", 4), ("default", 7), ("DEFAULT", 7)],
)
def test_a_device_is_an_index_or_a_part_of_a_name(wanted, index):
    """A number is an index; a text is a part of a name, in any case, the first that has it."""
    assert choose(wanted, PRESENT, "input").index == index


@pytest.mark.parametrize("wanted", ["Blue Yeti", 1, "99"])
def test_an_unknown_device_is_told_with_those_there_are(wanted):
    """The error names what was asked for and every device that is there."""
    with pytest.raises(DeviceMissing) as caught:
        choose(wanted, PRESENT, "input")
    message = str(caught.value)
    assert str(wanted) in message
    assert all(device.name in message for device in PRESENT)
    assert "\n" not in message


@pytest.mark.parametrize(("direction", "noun"), [("input", "microphone"), ("output", "loudspeaker")])
def test_no_device_at_all(direction, noun):
    """Without any device the error says which kind is missing."""
    with pytest.raises(DeviceMissing, match=f"no {noun} found"):
        choose(-1, [], direction, is_default=True)


def test_no_default_among_several():
    """Where there are devices but no default, the error lists them."""
    with pytest.raises(DeviceMissing, match=r"no default microphone.*Headset"):
        choose(-1, PRESENT, "input", is_default=True)


class FakeStream:
    """A stream of a device that takes only some pairs of rate and channels."""

    def __init__(self, accepted, error):
        self.accepted = accepted
        self.error = error
        self.tried = []

    def build(self, rate_hz, channels):
        self.tried.append((rate_hz, channels))
        self.pair = (rate_hz, channels)
        if self.pair not in self.accepted:
            raise self.error("Invalid sample rate")
        return self

    def start(self):
        pass

    def close(self):
        pass


@pytest.mark.parametrize("accepted", [(48_000, 1), (16_000, 1), (44_100, 2), (11_025, 1), (48_000, 6)])
def test_a_stream_is_opened_as_the_device_accepts(accepted):
    """Rates and channel counts are tried until the device takes one pair, mono first."""
    sounddevice = pytest.importorskip("sounddevice", exc_type=OSError)
    device = SoundDevice(3, "odd", 6, 11_025)
    fake = FakeStream([accepted], sounddevice.PortAudioError)
    open_stream(device, "input", fake.build)
    assert fake.pair == accepted


def test_a_busy_device_is_told():
    """A device that takes nothing is an error with its name and the reason."""
    sounddevice = pytest.importorskip("sounddevice", exc_type=OSError)
    fake = FakeStream([], sounddevice.PortAudioError)
    with pytest.raises(DeviceMissing, match=r"'odd' cannot be opened.*Invalid sample rate"):
        open_stream(SoundDevice(3, "odd", 1, 48_000), "input", fake.build)


def test_a_call_in_time_gives_its_result_or_its_error():
    """What the call returns or raises on its thread reaches the caller, and nobody is told of a late result."""
    late = []
    assert call_within(5.0, lambda: threading.current_thread().name, "a name", late.append) == "a name"
    with pytest.raises(ZeroDivisionError):
        call_within(5.0, lambda: 1 / 0, "a name", late.append)
    assert late == []


def test_a_call_that_takes_too_long_is_left_behind():
    """The caller gets a TimeoutError; the result that comes afterwards is handed over to be put away."""
    go_on, put_away, late = threading.Event(), threading.Event(), []

    def put_it_away(result):
        late.append(result)
        put_away.set()

    with pytest.raises(TimeoutError, match="'slow' took longer than 0 s"):
        call_within(0.0, lambda: go_on.wait(5) and "a stream", "slow", put_it_away)
    go_on.set()
    assert put_away.wait(5)
    assert late == ["a stream"]


def test_while_opening_hangs_no_second_attempt_is_begun(monkeypatch):
    """A device that does not answer is told in time, costs one thread only, and is opened again after its answer."""
    pytest.importorskip("sounddevice", exc_type=OSError)
    monkeypatch.setattr("audio.devices._OPEN_SECONDS", 0.05)
    monkeypatch.setattr("audio.devices._hanging_opens", {})
    answers, closed, attempts = threading.Event(), threading.Event(), []

    class Stream:
        def start(self):
            pass

        def close(self):
            closed.set()

    def build(rate_hz, channels):
        attempts.append((rate_hz, channels))
        answers.wait(5)
        return Stream()

    device = SoundDevice(3, "odd", 1, 48_000)
    for _ in range(2):
        with pytest.raises(DeviceMissing, match="the loudspeaker 'odd' does not answer"):
            open_stream(device, "output", build)
    assert len(attempts) == 1
    answers.set()
    assert closed.wait(5)
    assert isinstance(open_stream(device, "output", build), Stream)


def test_a_stream_is_opened_in_the_format_that_is_asked_for():
    """With formats given, only these are tried."""
    sounddevice = pytest.importorskip("sounddevice", exc_type=OSError)
    fake = FakeStream([(16_000, 2)], sounddevice.PortAudioError)
    device = SoundDevice(3, "odd", 2, 48_000)
    assert open_stream(device, "input", fake.build, formats=[(16_000, 2)]) is fake
    with pytest.raises(DeviceMissing, match="cannot be opened"):
        open_stream(device, "input", fake.build, formats=[(48_000, 1)])


def test_no_sound_library(monkeypatch):
    """Without PortAudio the error says what to install."""

    class Finder:
        def find_spec(self, name, *_):
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.setattr("audio.devices._loaded", None)
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    with pytest.raises(DeviceMissing, match="apt install libportaudio2"):
        devices("input")


def test_heavy_libraries_are_not_imported_with_the_package():
    """Importing every module of the package loads no sound, speech or voice library."""
    names = (
        "devices errors microphone pcm wav sound_watch listening.endpointing listening.hearing listening.vad"
        " recognition.transcriber speaking.earcons speaking.piper_synthesizer speaking.playback speaking.synthesizer"
    )
    heavy = "sounddevice vosk pyttsx3 webrtcvad soundfile soxr scipy torch"
    program = (
        f"import sys, importlib; [importlib.import_module('audio.' + n) for n in '{names}'.split()];"
        f"print([n for n in '{heavy}'.split() if n in sys.modules])"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout.strip() == "[]"
