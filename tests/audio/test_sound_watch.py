"""What the sound server's own words about our streams mean, and what follows from them. No sound server is needed."""

from __future__ import annotations

import pytest

from audio import sound_watch
from audio.errors import DeviceMissing
from audio.sound_watch import NO_MICROPHONE, Placement, SoundWatch, placement_of

OURS, OTHERS = "4711", "1"


def stream(key: str, device: int, process: str = OURS) -> dict[str, object]:
    return {key: device, "properties": {"application.process.id": process}}


def test_only_the_streams_of_this_process_count() -> None:
    """The names of the devices to which the server has connected our own streams."""
    listing = {
        "sources": [{"index": 0, "name": "spk.monitor"}, {"index": 4, "name": "usb_headset"}],
        "sinks": [{"index": 0, "name": "spk"}, {"index": 1, "name": "hdmi"}],
        "source_outputs": [stream("source", 4), stream("source", 0, OTHERS), stream("source", 99)],
        "sink_inputs": [stream("sink", 0), stream("sink", 1, OTHERS), {"sink": 1}],
    }
    found = placement_of(listing, {"default_sink_name": "spk"}, int(OURS))
    assert found == Placement(sources=("usb_headset",), sinks=("spk",), default_sink="spk")


@pytest.mark.parametrize(
    ("placement", "by_default", "nowhere"),
    [
        (Placement((), ("auto_null",), "spk"), False, True),
        (Placement((), ("spk",), "auto_null"), True, False),
        (Placement((), (), "auto_null"), True, True),
        (Placement((), (), "auto_null"), False, False),
    ],
)
def test_a_loudspeaker_that_is_none(placement: Placement, by_default: bool, nowhere: bool) -> None:
    """The stream itself counts; without one the default does, unless another device was asked for."""
    assert placement.plays_nowhere(by_default=by_default) is nowhere


class FakeMicrophone:
    def __init__(self, device: str | None, played: object = None) -> None:
        self.lost_because = ""
        self.closed = False

    def lose(self, reason: str) -> None:
        self.lost_because = reason

    def close(self) -> None:
        self.closed = True


class FakeVoice:
    def __init__(self) -> None:
        self.lost = False
        self.checks = 0

    def check(self) -> None:
        self.checks += 1

    def lose(self) -> None:
        self.lost = True


GOOD = Placement(("mic",), ("spk",), "spk")
MONITOR = Placement(("spk.monitor",), ("spk",), "spk")


def watch_of(monkeypatch: pytest.MonkeyPatch, *placements: Placement | None) -> SoundWatch:
    """A watch to which the server gives these placements in turn."""
    monkeypatch.setattr("audio.microphone.Microphone", FakeMicrophone)
    monkeypatch.setattr("audio.speaking.playback.Loudspeaker", FakeMicrophone)
    left = list(placements)
    return SoundWatch(None, None, placement=lambda: left.pop(0))


def test_a_microphone_that_was_moved_to_a_monitor_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not opened again before there is a real one."""
    watch = watch_of(monkeypatch, GOOD, MONITOR, MONITOR, GOOD)
    microphone = watch.open_microphone()
    watch.changed()
    assert microphone.lost_because == NO_MICROPHONE
    with pytest.raises(DeviceMissing, match="no microphone left"):
        watch.open_microphone()
    assert watch.open_microphone().lost_because == ""


def test_a_monitor_that_was_chosen_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who records from a monitor from the start wants it so."""
    watch = watch_of(monkeypatch, MONITOR, MONITOR, MONITOR)
    microphone = watch.open_microphone()
    watch.changed()
    assert microphone.lost_because == ""
    watch.open_microphone()


def test_without_an_answer_nothing_is_assumed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no sound server, the microphone is used as it is and the voice is checked."""
    watch = watch_of(monkeypatch, None, None)
    microphone, voice = watch.open_microphone(), FakeVoice()
    watch._voice = voice
    watch.changed()
    assert (microphone.lost_because, voice.lost, voice.checks) == ("", False, 1)


def test_a_voice_that_nobody_hears_is_lost_until_there_is_a_loudspeaker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loudspeaker that is none is not opened."""
    watch = watch_of(monkeypatch, Placement((), (), "auto_null"), GOOD)
    voice = watch._voice = FakeVoice()
    watch.changed()
    assert voice.lost
    with pytest.raises(DeviceMissing, match="no loudspeaker left"):
        watch.open_loudspeaker()
    watch.changed()
    watch.open_loudspeaker()


def test_a_device_that_is_not_in_the_list_is_opened_with_a_new_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is renewed once; if that does not help, the first error is told."""
    renewed: list[object] = []
    in_list = [False]

    class Missing(FakeMicrophone):
        def __init__(self, device: str | None, played: object = None) -> None:
            super().__init__(device)
            if not in_list[0]:
                raise DeviceMissing("no loudspeaker matches")

    def renew(wanted: object, direction: object) -> bool:
        renewed.append((wanted, direction))
        in_list[0] = len(renewed) > 1
        return in_list[0]

    monkeypatch.setattr("audio.speaking.playback.Loudspeaker", Missing)
    monkeypatch.setattr(sound_watch, "renew_list", renew)
    watch = SoundWatch(None, "usb", placement=lambda: None)
    with pytest.raises(DeviceMissing, match="no loudspeaker matches"):
        watch.open_loudspeaker()
    watch.open_loudspeaker()
    assert renewed == [("usb", "output")] * 2
