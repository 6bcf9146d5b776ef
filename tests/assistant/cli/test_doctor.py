"""`seesay doctor` and `seesay devices` as commands, without devices and with the virtual sound card."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.cli import devices, doctor
from assistant.cli.devices import Listed
from assistant.cli.main import main
from assistant.errors import FAILED, MISSING, ConfigError
from assistant.machine.doctor.checks import Check
from assistant.machine.doctor.finding import Level, failure, ok, warning
from assistant.settings.config import Config
from audio.devices import SoundDevice
from audio.errors import DeviceMissing
from audio.pcm import AudioChunk, resample
from audio.speaking.synthesizer import Synthesizer
from audio.wav import write_wav
from tests.virtual_sound import RATE_HZ, VirtualSoundCard, missing_tools

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder without a configuration."""
    monkeypatch.chdir(tmp_path)
    for name in ("SEESAY_CONFIG", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "SEESAY_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four checks that find what they are told to."""
    fixed = (
        Check("processor", lambda config: [ok("processor", "fast", cores=4)]),
        Check("power", lambda config: [warning("power", "unknown", "read the manual")]),
        Check("camera", lambda config: [failure("camera", "gone", "plug it in", missing=True)]),
        Check("disk", lambda config: [failure("disk", "full", "make room")]),
    )
    monkeypatch.setattr("assistant.machine.doctor.checks.CHECKS", fixed)


@pytest.mark.usefixtures("checks")
def test_each_finding_is_a_line_with_the_fix_below(capsys: pytest.CaptureFixture[str]) -> None:
    """Results go to stdout, what failed to stderr, and a failure that is no device makes the status 1."""
    assert main(["doctor"]) == FAILED
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "ok: settings: those of the built-in defaults",
        "ok: processor: fast",
        "warning: power: unknown",
        "  fix: read the manual",
        "failure: camera: gone",
        "  fix: plug it in",
        "failure: disk: full",
        "  fix: make room",
    ]
    assert err == "seesay: 2 of the checks failed: camera, disk\n"


@pytest.mark.usefixtures("checks")
@pytest.mark.parametrize(("names", "status"), [(["processor", "power"], 0), (["camera", "power"], MISSING)])
def test_only_the_named_checks_run(names: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Warnings alone are status 0, and a missing device is 3."""
    assert main(["doctor", "--json", *names]) == status
    report = json.loads(capsys.readouterr().out)
    assert report["exit_status"] == status
    assert {finding["check"] for finding in report["findings"]} == {"settings", *names}


def test_wrong_use_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown check and a picture without a suffix are wrong use, before anything is checked."""
    assert main(["doctor", "mircophone"]) == 2
    assert "there is no check 'mircophone'" in capsys.readouterr().err
    assert main(["doctor", "--picture", "look"]) == 2
    assert "end it with .jpg or .png" in capsys.readouterr().err


def test_a_refused_configuration_is_a_finding() -> None:
    """The rest is checked with the defaults, because a program that only refuses would help nobody."""

    def refused() -> Config:
        raise ConfigError("config.toml, line 3: there is no key 'volum'")

    config, finding = doctor.read_settings(refused)
    assert config == Config()
    assert finding.level is Level.FAILURE
    assert "line 3" in finding.says


@pytest.mark.usefixtures("checks")
def test_a_bundle_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The report is printed all the same; where it can be written, the file is there."""
    assert main(["doctor", "processor", "--bundle", str(tmp_path / "nowhere" / "a.zip")]) == FAILED
    out, err = capsys.readouterr()
    assert "ok: processor" in out
    assert "cannot be written: No such file or directory" in err
    assert main(["doctor", "processor", "--bundle", "a.zip"]) == 0
    assert (tmp_path / "a.zip").is_file()


def test_what_is_said_begins_with_the_failures() -> None:
    """What is well is not said, unless all is."""
    findings = [ok("a", "fine"), warning("power", "unknown", "read"), failure("speech-model", "damaged", "fetch")]
    assert doctor.spoken(findings) == [
        "failure, speech model. damaged. To fix it: fetch.",
        "warning, power. unknown. To fix it: read.",
    ]
    assert doctor.spoken(findings[:1]) == ["All checks are well."]


# seesay devices


def test_a_device_is_listed_with_its_line_for_the_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    """A list that cannot be made says so, and the others are printed."""

    def none() -> list[Listed]:
        raise DeviceMissing("the sound library PortAudio is not installed: sudo apt install libportaudio2")

    lists = {"microphones": none, "cameras": lambda: [Listed("camera", 'The "Cam"', "seeing", "camera", "/dev/video0")]}
    devices.show(lists, as_json=False)
    out, err = capsys.readouterr()
    assert out == 'microphones: none found\ncameras:\n  The "Cam"\n    [seeing] camera = "/dev/video0"\n'
    assert "apt install libportaudio2" in err
    devices.show(lists, as_json=True)
    assert json.loads(capsys.readouterr().out)["cameras"][0]["setting"] == '[seeing] camera = "/dev/video0"'


def test_two_microphones_of_one_name_are_chosen_by_number() -> None:
    """A name that two devices have would always mean the first one."""
    twins = [SoundDevice(2, "USB Mic", 1, 48_000), SoundDevice(5, "USB Mic", 1, 48_000), SoundDevice(7, "x", 1, 8_000)]
    listed = devices._sound("microphone", twins, "hearing", "input_device")
    assert [one.value for one in listed] == ["2", "5", "x"]


def test_a_webcams_second_device_is_left_out(tmp_path: Path) -> None:
    """It has data about the pictures; the link by the camera's own name is what the setting gets."""
    dev, names = tmp_path / "dev", tmp_path / "names"
    (dev / "v4l" / "by-id").mkdir(parents=True)
    for number, index in ((10, 0), (0, 0), (1, 1)):
        (dev / f"video{number}").touch()
        (names / f"video{number}").mkdir(parents=True)
        (names / f"video{number}" / "index").write_text(f"{index}\n")
        (names / f"video{number}" / "name").write_text(f"Cam {number}\n")
    (dev / "v4l" / "by-id" / "usb-Cam-index0").symlink_to(dev / "video0")
    listed = devices.cameras(dev, names)
    assert [one.name for one in listed] == ["Cam 0", "Cam 10"]
    assert [one.value for one in listed] == [str(dev / "v4l" / "by-id" / "usb-Cam-index0"), str(dev / "video10")]


# With a sound card.


@pytest.fixture(scope="module")
def card() -> Iterator[VirtualSoundCard]:
    if problem := missing_tools():
        pytest.skip(problem)
    with VirtualSoundCard(hums=False) as card:
        yield card


def seesay(card: VirtualSoundCard, *arguments: str) -> subprocess.Popen[str]:
    """Runs the program beside the virtual sound card."""
    return subprocess.Popen(
        [sys.executable, "-m", "assistant", *arguments],
        cwd=ROOT, env=card.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def levels(report: str) -> dict[str, str]:
    return {finding["check"]: finding["level"] for finding in json.loads(report)["findings"]}


@pytest.mark.device
def test_the_loudspeaker_is_heard_on_its_monitor_and_a_silent_microphone_is_found(card: VirtualSoundCard) -> None:
    """The virtual microphone gives zeros while nobody plays into it, and the sentence comes out of the loudspeaker."""
    with seesay(card, "doctor", "--json", "sound-server", "bluetooth", "microphone", "loudspeaker") as program:
        out, err = program.communicate(timeout=120)
    assert program.returncode == MISSING, err
    assert levels(out) == {
        "settings": "ok", "sound-server": "ok", "bluetooth": "ok", "microphone": "failure", "loudspeaker": "ok",
    }  # fmt: skip
    found = {finding["check"]: finding for finding in json.loads(out)["findings"]}
    assert "nothing but zeros" in found["microphone"]["says"]
    assert "monitor heard it" in found["loudspeaker"]["says"]
    assert found["loudspeaker"]["figures"]["likeness"] > 0.8
    assert "Traceback" not in err


@pytest.mark.device
def test_with_say_the_report_is_heard(card: VirtualSoundCard) -> None:
    """A warning and its fix are spoken, which takes seconds; without --say nothing is."""
    heard = []
    for options in (["--say"], []):
        with card.record_loudspeaker() as recording, seesay(card, "doctor", "power", *options) as program:
            program.communicate(timeout=120)
        heard.append(float(np.count_nonzero(np.abs(recording.samples.astype(np.int32)) > 300)) / RATE_HZ)
    assert heard[0] > 1.0
    assert heard[1] == 0.0


@pytest.mark.device
def test_a_frozen_sound_server_does_not_hang_the_report(card: VirtualSoundCard) -> None:
    """Each check says within its limit that nothing answers."""
    card.freeze()
    try:
        with seesay(card, "doctor", "--json", "sound-server", "bluetooth", "microphone") as program:
            out, err = program.communicate(timeout=60)
    finally:
        card.thaw()
    assert program.returncode == MISSING, err
    assert levels(out)["sound-server"] == "warning"
    assert levels(out)["microphone"] == "failure"
    found = {finding["check"]: finding for finding in json.loads(out)["findings"]}
    assert "it hangs" in found["sound-server"]["says"]
    assert "does not answer" in found["microphone"]["says"]


@pytest.mark.device
def test_a_spoken_sentence_is_heard_back(card: VirtualSoundCard, tmp_path: Path) -> None:
    """The speech model hears words in what is said, and the levels are those of speech."""
    with Synthesizer() as synthesizer:
        sentence = synthesizer.synthesize("What color is the square on the left? What color is the circle?")
    samples = resample(sentence.samples, sentence.sample_rate_hz, RATE_HZ)
    room = np.random.default_rng(2).normal(0, 20, len(samples)).astype(np.int16)
    wav = tmp_path / "question.wav"
    write_wav(wav, AudioChunk(samples // 2 + room, RATE_HZ))
    with seesay(card, "doctor", "--json", "--listen", "microphone") as program:
        assert program.stderr is not None
        assert "say something" in program.stderr.readline()
        card.play_into_microphone(wav)
        out, err = program.communicate(timeout=120)
    assert program.returncode == 0, err
    found = next(finding for finding in json.loads(out)["findings"] if finding["check"] == "microphone")
    assert "color" in found["heard"]
    assert found["figures"]["loud_dbfs"] > -40


@pytest.mark.device
def test_a_muted_loudspeaker_is_named(card: VirtualSoundCard) -> None:
    """The mute is told, with the command that ends it."""
    card.pactl("set-sink-mute", "spk", "1")
    try:
        with seesay(card, "doctor", "loudspeaker") as program:
            out, _ = program.communicate(timeout=120)
    finally:
        card.pactl("set-sink-mute", "spk", "0")
    assert program.returncode == MISSING
    assert "is muted\n  fix: pactl set-sink-mute @DEFAULT_SINK@ 0" in out


@pytest.mark.device
def test_the_devices_of_the_sound_card_are_listed(card: VirtualSoundCard) -> None:
    """The lines are what config.toml takes."""
    with seesay(card, "devices", "--json") as program:
        out, err = program.communicate(timeout=60)
    assert program.returncode == 0, err
    settings = [one["setting"] for one in json.loads(out)["microphones"]]
    assert '[hearing] input_device = "virtual microphone"' in settings
