"""Each fault is injected as the facts that a probe would collect, and is found with the right fix."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.errors import FAILED, MISSING
from assistant.machine.commands import Printed
from assistant.machine.doctor.button import Button, judge_button
from assistant.machine.doctor.camera import Seen, Unopened, device_of, holders_of, judge_seen, judge_unopened
from assistant.machine.doctor.cpu_and_memory import (
    Disk,
    Memory,
    Processor,
    judge_disk,
    judge_memory,
    judge_processor,
    read_processor,
)
from assistant.machine.doctor.finding import Finding, Level, exit_status, failure, ok, split_sentence, warning
from assistant.machine.doctor.groups_and_services import Access, judge_access
from assistant.machine.doctor.libraries import (
    Package,
    judge_libraries,
    judge_packages,
    judge_voice,
    missing_libraries,
    read_packages,
)
from assistant.machine.doctor.loudspeaker import Played, judge_played, likeness, muted_in, volume_in
from assistant.machine.doctor.microphone import judge_heard, measure
from assistant.machine.doctor.models import Model, judge_model
from assistant.machine.doctor.sound_server import (
    Server,
    cards_in,
    judge_bluetooth,
    judge_linger,
    judge_server,
)
from audio.errors import DeviceMissing
from audio.pcm import Samples

GIB = 2**30
SOUND = np.random.default_rng(1)


def noise(level: float, seconds: float = 2.0, offset: float = 0.0) -> Samples:
    """White noise at 16,000 Hz; the level and the offset are shares of full scale."""
    samples = SOUND.normal(offset, level, round(seconds * 16_000)) * 32_768
    return np.clip(samples, -32_768, 32_767).astype(np.int16)


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


def assert_is(finding: Finding, level: Level, says: str, fix: str) -> None:
    assert finding.level is level
    assert says in finding.says
    assert fix in finding.fix


# The machine.


def test_a_processor_without_avx2_is_named(tmp_path: Path) -> None:
    """The report says that answers take longer, and how a virtual machine gets the instructions."""
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("model name\t: Old One\nflags\t\t: fpu sse4_2 avx\n\n")
    found = read_processor(cpuinfo)
    assert found.flags == {"fpu", "sse4_2", "avx"}
    finding = judge_processor(Processor("Old One", "x86_64", found.flags, 2))
    assert_is(finding, Level.WARNING, "no AVX2 and no FMA", "-cpu host")
    assert judge_processor(Processor("New", "x86_64", frozenset({"avx2", "fma"}), 4)).level is Level.OK
    assert judge_processor(Processor("Arm", "aarch64", frozenset(), 4)).level is Level.FAILURE


def test_too_little_memory_is_a_warning() -> None:
    """On a small machine the fix is more memory; on a large one it is closing programs."""
    assert_is(judge_memory(Memory(4 * GIB, GIB, 3_600_000_000)), Level.WARNING, "1.1 GB are free", "add memory")
    busy = judge_memory(Memory(16 * GIB, GIB, 3_600_000_000))
    assert_is(busy, Level.WARNING, "3.6 GB are needed", "close other programs")
    assert "add memory" not in busy.fix
    assert judge_memory(Memory(16 * GIB, 8 * GIB, 3_600_000_000)).level is Level.OK
    assert judge_memory(Memory(None, None, 1)).level is Level.WARNING


def test_a_full_disk_is_a_failure() -> None:
    """A disk that is full or cannot be written fails; one too small for the full models is a warning before a fetch."""
    place = Path("/home/a/.local/share/seesay")
    assert_is(judge_disk(Disk(place, 50_000_000, fetched=True)), Level.FAILURE, "the disk is full", "delete files")
    assert_is(judge_disk(Disk(place, 3_000_000_000, fetched=False)), Level.WARNING, "need 7.7 GB", "seesay fetch")
    assert judge_disk(Disk(place, 3_000_000_000, fetched=True)).level is Level.OK
    unwritable = judge_disk(Disk(place, 3_000_000_000, fetched=True, writable=False))
    assert_is(unwritable, Level.FAILURE, "cannot be written", "XDG_DATA_HOME")


# Libraries and models.


def test_a_missing_library_is_named_with_its_package() -> None:
    """The fix is the line for apt with the packages that hold the libraries."""
    missing = ["libportaudio.so.2", "libespeak-ng.so.1"]
    assert_is(judge_libraries(missing), Level.FAILURE, "libespeak-ng.so.1", "apt install libportaudio2 libespeak-ng1")
    assert missing_libraries(["libnowhere-4711.so"]) == ["libnowhere-4711.so"]
    assert judge_libraries([]).level is Level.OK


def test_a_missing_voice_engine_fails_with_its_package() -> None:
    """Without espeak-ng, or without its data, nothing is spoken."""
    gone = DeviceMissing("the voice engine espeak-ng is not installed: sudo apt install libespeak-ng1")
    assert_is(judge_voice("", 0.0, gone), Level.FAILURE, "espeak-ng is not installed", "apt install libespeak-ng1")
    assert judge_voice("", 0.0, gone).missing
    assert_is(judge_voice("", 0.0, None), Level.FAILURE, "makes no sound", "espeak-ng-data")
    assert judge_voice("", 1.2, None).level is Level.OK


def test_wrong_packages_are_named() -> None:
    """A package that is missing or of another version fails; a second OpenCV is a warning."""
    fine = Package("numpy", ">=2", "2.3", fits=True)
    wrong = [Package("vosk", "==0.3.45", None, fits=False), Package("torch", "==2.13.0", "2.9.0", fits=False)]
    told = only(judge_packages([fine, *wrong], headless_opencv=False))
    assert_is(told, Level.FAILURE, "vosk is missing, torch is 2.9.0 and not ==2.13.0", "pip install 'vosk==0.3.45'")
    both = judge_packages([fine], headless_opencv=True)
    assert [one.level for one in both] == [Level.OK, Level.WARNING]
    assert "pip uninstall opencv-python-headless" in both[1].fix
    assert all(package.name for package in read_packages())


def test_a_damaged_model_is_named_with_its_file() -> None:
    """The embedded model is installed again, and a fetched one is fetched again."""
    folder = Path("/models/one")
    embedded = judge_model(Model("speech-model", folder, is_demo=True, has_sums=True, damaged="words.txt"), "en")
    assert_is(embedded, Level.FAILURE, "words.txt has changed", "install seesay again")
    assert embedded.missing
    fetched = judge_model(Model("speech-model", folder, is_demo=False, has_sums=True, damaged="final.mdl"), "zh")
    assert_is(fetched, Level.FAILURE, "final.mdl", "seesay fetch --language zh")
    demo = judge_model(Model("vision-model", folder, is_demo=True, has_sums=False), "en")
    assert_is(demo, Level.WARNING, "demo model", "seesay fetch")
    assert judge_model(Model("vision-model", folder, is_demo=False, has_sums=True), "en").level is Level.OK


# Sound.


def test_a_microphone_of_zeros_is_a_failure() -> None:
    """Zeros are a mute switch or a wrong device, and no quiet room."""
    finding = only(judge_heard(measure("USB", np.zeros(32_000, np.int16))))
    assert_is(finding, Level.FAILURE, "nothing but zeros", "set-source-mute @DEFAULT_SOURCE@ 0")
    assert finding.missing
    silent = only(judge_heard(measure("USB", np.empty(0, np.int16))))
    assert_is(silent, Level.FAILURE, "sends no sound", "plug it in")


def test_a_microphone_that_is_too_quiet_is_a_warning() -> None:
    """While nobody speaks only a microphone below its own noise is too quiet; speech must be louder than that."""
    room = noise(0.0005)  # -66 dBFS
    assert only(judge_heard(measure("USB", room))).level is Level.OK
    spoken = only(judge_heard(measure("USB", room, speech_wanted=True, words="hello")))
    assert_is(spoken, Level.WARNING, "too quiet: -66 dBFS", "set-source-volume @DEFAULT_SOURCE@ 100%")
    faint = np.tile(np.array([1, 0, 0, 0], np.int16), 8_000)
    assert "too quiet" in only(judge_heard(measure("USB", faint))).says


def test_an_offset_is_told_apart_from_sound() -> None:
    """A DC offset is named, and does not count as loudness."""
    heard = measure("jack", noise(0.001, offset=0.2))
    assert heard.loud_dbfs == pytest.approx(-60, abs=1)
    assert_is(only(judge_heard(heard)), Level.WARNING, "DC offset of 20%", "USB microphone")


def test_a_loud_a_noisy_and_a_lossy_microphone_are_warnings() -> None:
    """Each has its own fix; words that were wanted and not heard are one as well."""
    loud = judge_heard(measure("USB", noise(0.6)))
    assert any("is cut off" in finding.says and "50%" in finding.fix for finding in loud)
    assert_is(only(judge_heard(measure("USB", noise(0.05)))), Level.WARNING, "-26 dBFS of noise", "headset")
    assert_is(only(judge_heard(measure("USB", noise(0.001), overruns=3))), Level.WARNING, "3 blocks", "end programs")
    unheard = only(judge_heard(measure("USB", noise(0.01), speech_wanted=True, words="")))
    assert_is(unheard, Level.WARNING, "heard no words", "closer")


def test_a_loudspeaker_that_is_not_heard_is_a_failure() -> None:
    """Mute and volume are told first, because they explain it."""
    assert_is(judge_played(Played("HDMI", False, 0.1, False, 70)), Level.FAILURE, "nothing of it came out", "devices")
    assert_is(judge_played(Played("HDMI", False, 0.1, True, 70)), Level.FAILURE, "is muted", "set-sink-mute @DEFAULT")
    assert_is(judge_played(Played("HDMI", False, 0.9, False, 5)), Level.WARNING, "5 %", "set-sink-volume")
    assert judge_played(Played("HDMI", False, 0.9, False, 70)).level is Level.OK
    assert judge_played(Played("HDMI", False, None)).level is Level.OK
    assert judge_played(Played("HDMI", True, 0.1, True, 5)).level is Level.WARNING


def test_the_sentence_is_found_again_at_another_loudness() -> None:
    """Likeness is that of the shape; another sound has nearly none."""
    wanted = noise(0.1, 0.5)
    recording = np.concatenate([noise(0.0005, 0.7), (wanted * 0.2).astype(np.int16), noise(0.0005, 0.3)])
    assert likeness(recording, wanted) > 0.95
    assert likeness(noise(0.1, 1.5), wanted) < 0.2
    assert likeness(np.zeros(20_000, np.int16), wanted) == 0.0
    assert likeness(wanted[:10], wanted) == 0.0


def test_what_pactl_tells_of_mute_and_volume() -> None:
    """The loudest channel counts, and an unknown text tells nothing."""
    text = "Volume: front-left: 32768 /  50% / -18.06 dB,   front-right: 39321 /  60% / -13.3 dB\n  balance 0.00\n"
    assert (volume_in(text), volume_in("")) == (60, None)
    assert (muted_in("Mute: yes\n"), muted_in("Mute: no\n"), muted_in("")) == (True, False, None)


def test_a_missing_sound_server_has_its_own_fix() -> None:
    """Not installed, hanging, none in this session, and not running are four faults."""
    gone = Printed(None, error="pactl is not installed", installed=False)
    assert_is(judge_server(Server(gone, True)), Level.WARNING, "not installed", "apt install pulseaudio-utils")
    assert_is(judge_server(Server(Printed(None), True)), Level.WARNING, "it hangs", "restart pipewire")
    refused = Printed(1, error="Connection failure: Connection refused")
    assert_is(judge_server(Server(refused, True)), Level.WARNING, "no sound server", "start pipewire pipewire-pulse")
    assert_is(judge_server(Server(refused, False)), Level.WARNING, "XDG_RUNTIME_DIR", "without sudo")
    good = judge_server(Server(Printed(0, "Server Name: PulseAudio (on PipeWire 1.4.2)\n"), True))
    assert_is(good, Level.OK, "PulseAudio (on PipeWire 1.4.2) answers", "")


def test_a_sound_server_that_ends_at_logout_is_a_warning() -> None:
    """Lingering keeps it."""
    finding = judge_linger(Printed(0, "Linger=no\n"))
    assert finding is not None
    assert_is(finding, Level.WARNING, "ends when you log out", "loginctl enable-linger")
    kept = judge_linger(Printed(0, "Linger=yes\n"))
    assert kept is not None
    assert kept.level is Level.OK
    assert judge_linger(Printed(1)) is None


PIPEWIRE_CARDS = """Card #47
	Name: alsa_card.pci-0000_00_1f.3
	Driver: alsa
	Properties:
		device.description = "Built-in Audio"
	Profiles:
		off: Off (sinks: 0, sources: 0, priority: 0, available: yes)
		output:analog-stereo+input:analog-stereo: Analog Stereo Duplex (sinks: 1, sources: 1, priority: 6565, available: yes)
	Active Profile: output:analog-stereo+input:analog-stereo
	Ports:
		analog-input-mic: Microphone (type: Mic, priority: 8700, availability unknown)
			Part of profile(s): output:analog-stereo+input:analog-stereo

Card #93
	Name: bluez_card.AC_12_2F_6A_11_9C
	Driver: module-bluez5-device.c
	Properties:
		device.description = "WH-1000XM4"
		device.bus = "bluetooth"
	Profiles:
		off: Off (sinks: 0, sources: 0, priority: 0, available: yes)
		a2dp-sink: High Fidelity Playback (A2DP Sink, codec LDAC) (sinks: 1, sources: 0, priority: 134, available: yes)
		headset-head-unit-cvsd: Headset Head Unit (HSP/HFP, codec CVSD) (sinks: 1, sources: 1, priority: 2, available: yes)
		headset-head-unit-msbc: Headset Head Unit (HSP/HFP, codec mSBC) (sinks: 1, sources: 1, priority: 3, available: yes)
	Active Profile: a2dp-sink
	Ports:
		headset-output: Headset (type: Headset, priority: 0, availability unknown)
			Part of profile(s): a2dp-sink
"""


def test_a_bluetooth_headset_without_its_microphone_gets_its_profile() -> None:
    """The profile with the wide band is chosen, and the headset is named as people know it."""
    cards = cards_in(PIPEWIRE_CARDS)
    assert [card.name for card in cards] == ["alsa_card.pci-0000_00_1f.3", "bluez_card.AC_12_2F_6A_11_9C"]
    assert cards[1].profiles["a2dp-sink"] == 0
    finding = only(judge_bluetooth(cards))
    assert_is(
        finding,
        Level.WARNING,
        "WH-1000XM4",
        "pactl set-card-profile bluez_card.AC_12_2F_6A_11_9C headset-head-unit-msbc",
    )
    calling = PIPEWIRE_CARDS.replace("Active Profile: a2dp-sink", "Active Profile: headset-head-unit-msbc")
    assert only(judge_bluetooth(cards_in(calling))).level is Level.OK


def test_pulseaudios_names_of_profiles_are_known_and_unavailable_ones_are_not_chosen() -> None:
    """PulseAudio 14 and later write underscores; without a profile for calls the fix is another microphone."""
    pulse = PIPEWIRE_CARDS.replace("headset-head-unit-cvsd", "headset_head_unit").replace("a2dp-sink", "a2dp_sink")
    pulse = pulse.replace("headset-head-unit-msbc", "handsfree_head_unit")
    assert only(judge_bluetooth(cards_in(pulse))).fix.endswith(" headset_head_unit")
    useless = pulse.replace("priority: 2, available: yes", "priority: 2, available: no")
    useless = useless.replace("priority: 3, available: yes", "priority: 3, available: no")
    assert "another microphone" in only(judge_bluetooth(cards_in(useless))).fix


# Camera and button.


def test_a_missing_camera_keeps_the_words_of_its_error() -> None:
    """The error names the cameras that are there."""
    message = "there is no camera at /dev/video7: there is /dev/video0 (Webcam); set seeing.camera to one of these"
    finding = judge_unopened(Unopened(message, Path("/dev/video7")))
    assert_is(finding, Level.FAILURE, "there is no camera at /dev/video7", "there is /dev/video0 (Webcam)")
    assert finding.missing


def test_a_camera_that_another_program_holds_names_the_program(tmp_path: Path) -> None:
    """The program is found by its open files, as EBUSY alone does not tell it; a link to the device counts."""
    device = tmp_path / "video0"
    device.touch()
    for number, target in (("4711", device), ("4712", tmp_path / "other")):
        (tmp_path / "proc" / number / "fd").mkdir(parents=True)
        (tmp_path / "proc" / number / "comm").write_text("zoom\n")
        (tmp_path / "proc" / number / "fd" / "3").symlink_to(target)
    holders = holders_of(device, tmp_path / "proc")
    assert holders == ("zoom (4711)",)
    finding = judge_unopened(Unopened("it cannot be opened: unplug it", device, True, True, holders))
    assert_is(finding, Level.FAILURE, "in use by zoom (4711)", "close zoom (4711)")


def test_a_camera_that_may_not_be_opened_names_the_group() -> None:
    """Permission comes before everything else that may be wrong with it."""
    finding = judge_unopened(Unopened("x: y", Path("/dev/video0"), True, False, ("zoom (1)",)))
    assert_is(finding, Level.FAILURE, "may not be opened", "usermod -aG video $USER")


@pytest.mark.parametrize(
    ("fault", "says", "fix"),
    [
        ("covered", "lens is covered", "shutter"),
        ("too_dark", "is dark", "light on"),
        ("too_bright", "too much light", "window"),
        ("blurred", "out of focus", "clean its lens"),
    ],
)
def test_a_picture_that_shows_little_is_a_warning(fault: str, says: str, fix: str) -> None:
    """Each fault of a picture has its own fix."""
    seen = Seen("/dev/video0", (1920, 1080), (1920, 1080), 15.0, fault)
    assert_is(only(judge_seen(seen)), Level.WARNING, says, fix)


def test_a_small_and_a_slow_picture_are_warnings() -> None:
    """A camera that gives less than half of the pixels asked for, or less than five pictures a second, is named."""
    small = only(judge_seen(Seen("/dev/video0", (1920, 1080), (640, 480), 15.0)))
    assert_is(small, Level.WARNING, "640×480 pixels where 1920×1080", "USB 3")
    assert_is(
        only(judge_seen(Seen("/dev/video0", (0, 0), (640, 480), 2.0))), Level.WARNING, "2.0 pictures", "more light"
    )
    assert only(judge_seen(Seen("photo.jpg", (0, 0), (640, 480), None))).level is Level.OK


def test_which_settings_are_devices() -> None:
    """A stream, a video and a picture have no device file."""
    assert device_of(" 2 ") == Path("/dev/video2")
    assert device_of("/dev/v4l/by-id/x") == Path("/dev/v4l/by-id/x")
    assert device_of("http://a/b") is None


def test_a_button_without_permission_names_the_group() -> None:
    """A button that is refused is told apart from one that is not there."""
    refused = Button(True, problem="no permission to read the button 'Pedal' (/dev/input/event3): x", refused=True)
    assert_is(judge_button(refused), Level.FAILURE, "no permission", "usermod -aG input $USER")
    gone = Button(True, problem="the button 'Pedal' is not there: plug it in")
    assert_is(judge_button(gone), Level.FAILURE, "is not there", "plug it in")
    assert judge_button(Button(False)).level is Level.OK
    assert judge_button(Button(True, named=True)).level is Level.OK


def test_a_group_counts_only_where_a_device_cannot_be_opened() -> None:
    """Whoever joined the group after login has to log in again; a session may open devices without a group."""
    outside = only(judge_access([Access("input", True, 3, 0, in_group=False, listed=False)]))
    assert_is(outside, Level.FAILURE, "may not open the button", "sudo usermod -aG input $USER")
    early = only(judge_access([Access("video", True, 1, 0, in_group=False, listed=True)]))
    assert_is(early, Level.FAILURE, "the camera", "log out and in again: you are in the group video")
    sound = only(judge_access([Access("audio", True, 1, 0, in_group=False, listed=False)]))
    assert sound.level is Level.WARNING
    fine = [Access("video", True, 1, 1, False, False), Access("input", False, 3, 0, False, False)]
    assert only(judge_access(fine)).level is Level.OK


# The report.


def test_the_exit_status_is_that_of_the_worst_finding() -> None:
    """Missing devices and models alone are 3, as elsewhere; anything else that failed makes it 1."""
    lost, broken = failure("camera", "x", "y", missing=True), failure("disk", "x", "y")
    assert exit_status([ok("a", "b"), warning("c", "d", "e")]) == 0
    assert exit_status([ok("a", "b"), lost]) == MISSING
    assert exit_status([lost, broken]) == FAILED


def test_an_errors_sentence_is_cut_at_its_last_colon() -> None:
    """What follows is the fix; a sentence without one stays whole."""
    assert split_sentence("no model at /m: run `seesay fetch`.") == ("no model at /m", "run `seesay fetch`")
    assert split_sentence("all is lost.") == ("all is lost", "")
