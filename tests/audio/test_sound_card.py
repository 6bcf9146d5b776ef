"""Microphone and loudspeaker on a real PortAudio and a virtual sound card."""

import json
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from audio.pcm import AudioChunk, resample
from audio.speaking.synthesizer import Synthesizer
from audio.wav import write_wav
from tests.virtual_sound import RATE_HZ, VirtualSoundCard, missing_tools

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.device,
    pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools())),
]


@pytest.fixture(scope="module")
def card():
    with VirtualSoundCard() as card:
        yield card


@pytest.fixture(scope="module")
def question(tmp_path_factory):
    """A spoken question as a WAV file, and its samples at 48,000 Hz."""
    with Synthesizer() as synthesizer:
        spoken = synthesizer.synthesize("What color is the square on the left?")
    samples = resample(spoken.samples, spoken.sample_rate_hz, RATE_HZ)
    path = tmp_path_factory.mktemp("question") / "question.wav"
    write_wav(path, AudioChunk(samples, RATE_HZ))
    return path, samples


class Program:
    """Runs code in a process of its own, with the card's environment. The code prints JSON lines."""

    # One write for each line, because two threads may print at once.
    TELL = 'import json, sys\ndef tell(what):\n    sys.stdout.write(json.dumps(what) + "\\n")\n'

    def __init__(self, card, code):
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-W", "error", "-c", self.TELL + textwrap.dedent(code)],
            cwd=ROOT, env=card.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *details):
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def say(self, line=""):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def hear(self):
        limit = threading.Timer(60, self._process.kill)  # a program that hangs fails its test, and does not hold it
        limit.start()
        line = self._process.stdout.readline()
        limit.cancel()
        assert line, "the program ended early, or hung"
        return json.loads(line)

    def ended(self, within_seconds):
        return self._process.wait(within_seconds)


MICROPHONE = """
    import threading, time
    import numpy as np
    from audio.errors import DeviceLost
    from audio.microphone import Microphone
    heard = []
    with Microphone("virtual mic") as microphone:
        tell({"rate_hz": microphone._rate_hz, "name": microphone.device.name})
        threading.Thread(target=lambda: (sys.stdin.readline(), microphone.stop()), daemon=True).start()
        try:
            for chunk in microphone.chunks():
                heard.append(chunk)
                age = time.monotonic() - chunk.ended_at
                if len(heard) == 1:
                    tell("recording")
            stopped_at = time.monotonic()
            np.save(OUT, np.concatenate([chunk.samples for chunk in heard]))
            times = [chunk.started_at for chunk in heard]
            tell({
                "stopped_at": stopped_at, "overruns": microphone.overruns, "age": age,
                "lengths": sorted({len(chunk.samples) for chunk in heard}),
                "rates": sorted({chunk.sample_rate_hz for chunk in heard}),
                "steps": [min(np.diff(times)), max(np.diff(times))],
            })
        except DeviceLost as error:
            tell({"lost_at": time.monotonic(), "error": str(error)})
"""


def best_match(recording, wanted):
    """Where `wanted` lies in `recording`, how similar they are (1 is the same shape), and the gain."""
    size = len(recording) + len(wanted)
    both = np.fft.rfft(recording, size) * np.conj(np.fft.rfft(wanted, size))
    at = int(np.fft.irfft(both, size)[: len(recording) - len(wanted) + 1].argmax())
    found = recording[at : at + len(wanted)].astype(float)
    wanted = wanted.astype(float)
    likeness = found @ wanted / (np.linalg.norm(found) * np.linalg.norm(wanted))
    return at, likeness, np.linalg.norm(found) / np.linalg.norm(wanted)


def test_the_microphone_hears_what_is_said(card, question, tmp_path):
    """A voice in the microphone arrives whole at 16,000 Hz in 30 ms chunks, and stop() ends it at once."""
    path, samples = question
    out = tmp_path / "heard.npy"
    with Program(card, f"OUT = {str(out)!r}\n" + textwrap.dedent(MICROPHONE)) as program:
        opened = program.hear()
        assert opened == {"rate_hz": 48_000, "name": "virtual microphone"}
        assert program.hear() == "recording"
        card.play_into_microphone(path)
        time.sleep(0.3)
        stop_at = time.monotonic()
        program.say()
        result = program.hear()
        assert program.ended(5) == 0
    assert result["stopped_at"] - stop_at < 0.1
    assert (result["lengths"], result["rates"], result["overruns"]) == ([480], [16_000], 0)
    assert result["steps"] == pytest.approx([0.03, 0.03], abs=0.02)
    assert 0.0 < result["age"] < 0.3
    _, likeness, gain = best_match(np.load(out), resample(samples, RATE_HZ, 16_000))
    assert likeness > 0.98
    assert gain == pytest.approx(1.0, abs=0.1)


LOUDSPEAKER = """
    import threading, time
    import numpy as np
    from audio.errors import DeviceLost
    from audio.pcm import AudioChunk
    from audio.speaking.playback import Loudspeaker
    cancelled = threading.Event()
    silenced = []
    tone = np.round(8000 * np.sin(np.arange(22050 * SECONDS) * 2 * np.pi * 440 / 22050)).astype(np.int16)
    with Loudspeaker("virtual loud") as speaker:
        def stop():
            sys.stdin.readline()
            silenced.append(time.monotonic())
            HOW
        threading.Thread(target=stop, daemon=True).start()
        tell({"latency": speaker.latency_seconds})
        time.sleep(0.3)  # the first blocks fill the device's buffer: their latency is not the usual one
        try:
            asked_at = time.monotonic()
            started_at = speaker.play(AudioChunk(tone, 22050), cancelled)
            played_at = time.monotonic()
            speaker.drain(cancelled)
            drained_at = time.monotonic()
            time.sleep(0.3)  # silence must not be the work of close()
            tell({
                "asked_at": asked_at, "started_at": started_at, "played_at": played_at,
                "drained_at": drained_at, "silenced_at": silenced, "underruns": speaker.underruns,
            })
        except DeviceLost as error:
            tell({"lost_at": time.monotonic(), "error": str(error)})
"""


def loudspeaker(seconds, how="speaker.mute_device()"):
    return LOUDSPEAKER.replace("SECONDS", str(seconds)).replace("HOW", how)


def audible(samples):
    """First and last index that is louder than a whisper."""
    loud = np.flatnonzero(np.abs(samples.astype(int)) > 300)
    return int(loud[0]), int(loud[-1])


def test_the_loudspeaker_plays_it_whole(card):
    """Two seconds of a tone come out at the right level, two seconds long, without a gap or a click."""
    with Program(card, loudspeaker(2)) as program:
        with card.record_loudspeaker() as recording:
            program.hear()
            result = program.hear()
        assert program.ended(5) == 0
    samples = recording.samples.astype(float)
    begin, end = audible(samples)
    assert (end - begin) / RATE_HZ == pytest.approx(2.0, abs=0.01)
    assert result["underruns"] == 0
    inside = samples[begin + 480 : end - 480]
    levels = np.sqrt(np.mean(inside[: len(inside) // 480 * 480].reshape(-1, 480) ** 2, axis=1))
    assert levels == pytest.approx(np.full(len(levels), 8000 / np.sqrt(2)), rel=0.15)
    # A lost or doubled sample would be a jump, which a 440 Hz tone never makes.
    assert np.abs(np.diff(inside)).max() < 2 * np.pi * 440 / RATE_HZ * 8000 * 1.1
    # Pacing: play() returns about 200 ms before the end of the sound, drain() after it.
    assert result["started_at"] - result["asked_at"] < 0.1
    assert 1.6 < result["played_at"] - result["asked_at"] < 2.0
    assert result["drained_at"] - result["asked_at"] >= 2.0


RESTING = """
    import threading, time
    import numpy as np
    from audio.speaking import playback
    from audio.pcm import AudioChunk
    playback._REST_SECONDS = 0.2
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(22050) / 22050)).astype(np.int16)
    never = threading.Event()
    with playback.Loudspeaker("virtual loud") as speaker:
        for _ in range(2):
            asked_at = time.monotonic()
            started_at = speaker.play(AudioChunk(tone, 22050), never)
            speaker.drain(never)
            deadline = time.monotonic() + 5
            while speaker._stream.active and time.monotonic() < deadline:
                time.sleep(0.01)
            rests = not speaker._stream.active
            tell({"rests": rests, "waited": started_at - asked_at, "underruns": speaker.underruns})
            sys.stdin.readline()
"""


def test_a_loudspeaker_with_nothing_to_play_rests(card):
    """With nothing to play the device is stopped. The next sound still comes at once and as a whole."""
    with Program(card, RESTING) as program:
        assert program.hear()["rests"]
        with card.record_loudspeaker() as recording:
            program.say()
            second = program.hear()
        program.say()
        assert program.ended(5) == 0
    begin, end = audible(recording.samples)
    assert (end - begin) / RATE_HZ == pytest.approx(1.0, abs=0.01)
    assert second["rests"]
    assert second["underruns"] == 0
    assert second["waited"] < 0.1


@pytest.mark.parametrize("how", ["speaker.mute_device()", "cancelled.set()"])
def test_silent_at_once(card, how):
    """After mute_device(), or once its turn is cancelled, the tone ends within 20 ms and the device's latency."""
    with Program(card, loudspeaker(10, how)) as program, card.record_loudspeaker() as recording:
        program.hear()
        time.sleep(1.0)
        program.say()
        result = program.hear()
        assert program.ended(5) == 0
    (silenced_at,) = result["silenced_at"]
    begin, end = audible(recording.samples)
    latency = recording.started_at + begin / RATE_HZ - result["started_at"]
    tail = recording.started_at + end / RATE_HZ - silenced_at
    assert tail < latency + 0.02
    assert latency < 0.3
    assert result["drained_at"] - silenced_at < 0.5
    assert (end - begin) / RATE_HZ < 3.0


def test_ctrl_c_ends_a_listening_and_speaking_program_within_a_second(card):
    """SIGINT while recording and playing: no thread holds the process."""
    code = """
        import threading, numpy as np
        from audio.microphone import Microphone
        from audio.pcm import AudioChunk
        from audio.speaking.playback import Loudspeaker
        from audio.speaking.synthesizer import Synthesizer
        with Synthesizer(), Microphone() as microphone, Loudspeaker() as speaker:
            long = AudioChunk(np.zeros(480000, np.int16), 48000)
            threading.Thread(target=speaker.play, args=(long, threading.Event()), name="speak").start()
            tell(1)
            try:
                for chunk in microphone.chunks():
                    pass
            except KeyboardInterrupt:
                tell(2)
    """
    with Program(card, code) as program:
        assert program.hear() == 1
        time.sleep(0.3)
        began = time.monotonic()
        program._process.send_signal(2)
        assert program.hear() == 2
        assert program.ended(1.0) == 0
        assert time.monotonic() - began < 1.0


def test_two_sounds_at_once_wait_for_each_other(card):
    """Sounds played from two threads come one after the other, never mixed."""
    code = """
        import threading, numpy as np
        from audio.pcm import AudioChunk
        from audio.speaking.playback import Loudspeaker
        never = threading.Event()
        with Loudspeaker() as speaker:
            def play(level):
                speaker.play(AudioChunk(np.full(24000, level, np.int16), 48000), never)
            threads = [threading.Thread(target=play, args=(level,)) for level in (4000, 8000)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            speaker.drain(never)
            tell("played")
    """
    with Program(card, code) as program:
        with card.record_loudspeaker() as recording:
            assert program.hear() == "played"
        assert program.ended(5) == 0
    levels = recording.samples.astype(int)
    begin, end = audible(levels)
    assert (end - begin) / RATE_HZ == pytest.approx(1.0, abs=0.02)
    inside = levels[begin + 480 : end - 480]
    assert (np.abs(np.diff(inside)) > 3000).sum() == 1


def test_no_device_is_one_sentence(tmp_path):
    """On a machine without any sound device, microphone and loudspeaker say so."""
    (tmp_path / ".asoundrc").write_text("pcm.!default { type null }\n")
    code = """
        from audio.errors import DeviceMissing
        from audio.microphone import Microphone
        from audio.speaking.playback import Loudspeaker
        for kind in (Microphone, Loudspeaker):
            try:
                kind("no such device")
            except DeviceMissing as error:
                tell(str(error))
    """

    no_card = SimpleNamespace(env={"PATH": "/usr/bin", "HOME": str(tmp_path)})
    with Program(no_card, code) as program:
        for noun in ("microphone", "loudspeaker"):
            assert noun in program.hear()
        assert program.ended(5) == 0


RENEWED = """
    import time
    from audio.errors import DeviceMissing
    from audio.sound_watch import SoundWatch
    watch = SoundWatch(None, "usb loud")
    with watch.open_microphone() as microphone:
        chunks = microphone.chunks()
        next(chunks)
        try:
            watch.open_loudspeaker()
        except DeviceMissing as reason:
            tell(str(reason))
        sys.stdin.readline()
        began = time.monotonic()
        with watch.open_loudspeaker() as speaker:
            tell([speaker.device.name, time.monotonic() - began])
            heard = [next(chunks) for _ in range(100)]
            speaker.check()
            tell([max(b.started_at - a.ended_at for a, b in zip(heard, heard[1:])), microphone.overruns])
"""


def test_a_device_that_came_after_the_start_is_found(card):
    """PortAudio's list is renewed for a loudspeaker that is new, and the open microphone goes on after a short gap."""
    settings = Path(card.env["HOME"]) / ".asoundrc"
    before = settings.read_text()
    try:
        with Program(card, RENEWED) as program:
            assert "no loudspeaker matches 'usb loud'" in program.hear()
            settings.write_text(
                before + 'pcm."usb loudspeaker" { type pulse device spk hint { show on description "usb" } }\n'
            )
            program.say()
            name, seconds = program.hear()
            gap, overruns = program.hear()
            assert program.ended(5) == 0
    finally:
        settings.write_text(before)
    sys.stdout.write(f"opened after {seconds:.2f} s; the microphone had a gap of {gap:.2f} s\n")
    assert name == "usb loudspeaker"
    assert seconds < 3.0
    assert gap < 1.0
    assert overruns == 0


# The tests below break their sound card, so they come last.
PROGRAMS = {"microphone": MICROPHONE, "loudspeaker": loudspeaker(20)}


def lost(card, device, vanish):
    """What a program that uses `device` prints after `vanish()` was called, and after how many seconds."""
    with Program(card, PROGRAMS[device]) as program:
        program.hear()
        if device == "microphone":
            assert program.hear() == "recording"
        else:
            time.sleep(0.8)
        gone_at = time.monotonic()
        vanish()
        result = program.hear()
        assert program.ended(1.5) == 0
    return result["error"], result["lost_at"] - gone_at


@pytest.mark.parametrize("device", PROGRAMS)
def test_a_frozen_sound_server_is_told(card, device):
    """A sound server that hangs is noticed within 3 s, and does not hold the program's exit."""
    try:
        error, seconds = lost(card, device, card.freeze)
    finally:
        card.thaw()
    assert f"the {device} 'virtual {device}'" in error
    assert seconds < 3.0


def test_a_suspended_microphone_is_told(card):
    """A microphone that just stops sending, as an unplugged one does, is noticed within 3 s."""
    try:
        error, seconds = lost(card, "microphone", lambda: card.pactl("suspend-source", "mic", "1"))
    finally:
        card.pactl("suspend-source", "mic", "0")
    assert "has stopped sending sound" in error
    assert seconds < 3.0


@pytest.mark.parametrize("device", PROGRAMS)
def test_a_vanished_sound_server_is_told(device, capfd):
    """A sound server that dies takes its devices with it: noticed within 3 s, without a page from PortAudio."""
    with VirtualSoundCard() as card:
        error, seconds = lost(card, device, card.unplug)
    assert f"the {device} 'virtual {device}'" in error
    assert seconds < 3.0
    assert "Expression" not in capfd.readouterr().err


# Threads and open files of the program under test.
COUNTS = 'import os\ndef counts(): return [len(os.listdir(f"/proc/self/{what}")) for what in ("task", "fd")]\n'

LOSING = """
    import threading, time
    import numpy as np
    from audio.speaking import playback
    from audio.errors import AudioError
    from audio.pcm import AudioChunk
    from audio.speaking.voice import SpokenVoice
    REST
    never = threading.Event()
    tone = AudioChunk((8000 * np.sin(2 * np.pi * 440 * np.arange(11025) / 22050)).astype(np.int16), 22050)
    voice = SpokenVoice(None, lambda: playback.Loudspeaker(None))
    while True:
        began = time.monotonic()
        try:
            voice.play(tone, never)
            voice.drain(never)
            error = ""
        except AudioError as reason:
            error = str(reason)
        took = time.monotonic() - began
        speaking = voice.speaking
        time.sleep(1.0)
        resting = not voice._speaker._stream.active
        tell({"error": error, "took": took, "speaking": speaking, "resting": resting, "counts": counts()})
        if sys.stdin.readline() == "end\\n":
            break
    began = time.monotonic()
    voice.close()
    tell(time.monotonic() - began)
"""


def losing(rests):
    """A program that plays a tone at every line it gets; its loudspeaker rests in between, or does not."""
    return COUNTS + textwrap.dedent(LOSING.replace("REST", f"playback._REST_SECONDS = {0.3 if rests else 60}"))


@pytest.mark.parametrize("kills", [1, pytest.param(10, marks=pytest.mark.slow)])
@pytest.mark.parametrize("rests", [True, False], ids=["at rest", "awake"])
def test_a_loudspeaker_whose_sound_server_was_killed_speaks_again(rests, kills):
    """While the server is away each sound fails soon and nothing counts as speaking; afterwards the next one is heard.

    Nothing is left behind: no thread, no open file, and the program ends with status 0.
    """
    with VirtualSoundCard() as card, Program(card, losing(rests)) as program:
        first = program.hear()
        assert (first["error"], first["resting"]) == ("", rests)
        for _ in range(kills):
            card.unplug()
            program.say()
            away = program.hear()
            assert "the loudspeaker 'default'" in away["error"]
            assert away["took"] < 3.0
            assert not away["speaking"]
            card.replug()
            with card.record_loudspeaker() as recording:
                program.say()
                back = program.hear()
            assert (back["error"], back["speaking"]) == ("", False)
            begin, end = audible(recording.samples)
            assert (end - begin) / RATE_HZ == pytest.approx(0.5, abs=0.02)
        program.say("end")
        program.hear()
        assert program.ended(2.0) == 0
    assert back["counts"] == first["counts"]


@pytest.mark.parametrize("rests", [True, False], ids=["at rest", "awake"])
def test_a_loudspeaker_whose_sound_server_was_frozen_speaks_again(rests):
    """While the server hangs each sound fails within some seconds; when it goes on, all that hung is freed."""
    with VirtualSoundCard() as card, Program(card, losing(rests)) as program:
        try:
            first = program.hear()
            card.freeze()
            for limit_seconds in (7.0, 0.1):  # the first closes and opens in vain; the second does not even try
                program.say()
                away = program.hear()
                assert "the loudspeaker 'default'" in away["error"]
                assert away["took"] < limit_seconds
                assert not away["speaking"]
        finally:
            card.thaw()
        time.sleep(0.5)
        program.say()
        back = program.hear()
        program.say("end")
        assert program.hear() < 0.5
        assert program.ended(2.0) == 0
    assert back["error"] == ""
    assert back["counts"] == first["counts"]


def test_a_stream_whose_start_hangs_is_abandoned():
    """A sound server that dies between opening and starting is told within some two seconds; the program ends with 0.

    PortAudio itself would wait for ever, and would abort the process when that stream is closed.
    """
    code = """
        import time
        from audio import devices
        from audio.speaking import playback
        from audio.errors import DeviceMissing
        build = playback.Loudspeaker._build
        def build_and_wait(self, rate_hz, channels):
            stream = build(self, rate_hz, channels)
            tell("opened")
            sys.stdin.readline()
            return stream
        playback.Loudspeaker._build = build_and_wait
        began = time.monotonic()
        try:
            playback.Loudspeaker(None)
        except DeviceMissing as reason:
            tell([str(reason), time.monotonic() - began, len(devices._abandoned_streams)])
    """
    with VirtualSoundCard() as card, Program(card, code) as program:
        assert program.hear() == "opened"
        card.unplug()
        program.say()
        error, seconds, abandoned = program.hear()
        assert program.ended(2.0) == 0
    assert "does not answer" in error
    assert seconds < 2.5
    assert abandoned == 1


OWN_VOICE = """
    import os, threading
    os.environ["PULSE_SOURCE"] = "spk.monitor"  # a microphone that hears the loudspeaker, by the same clock
    import numpy as np
    from audio.listening.conditioning import level
    from audio.listening.own_voice import DELAY_SAMPLES, without_own_voice
    from audio.microphone import Microphone
    from audio.pcm import AudioChunk
    from audio.speaking.playback import Loudspeaker
    from audio.speaking.played import PlayedSound
    played, cancelled, left = PlayedSound(), threading.Event(), []
    noise = np.convolve(np.random.default_rng(1).normal(0, 1500, 22050 * 9), 0.9 ** np.arange(40), "same")
    sound = AudioChunk(np.clip(noise, -32768, 32767).astype(np.int16), 22050)
    with Loudspeaker(played=played) as speaker, Microphone() as microphone:
        playing = threading.Thread(target=speaker.play, args=(sound, cancelled))
        playing.start()
        heard = []
        for chunk in microphone.chunks():
            heard = [*heard[-174:], chunk]
            if not playing.is_alive():
                break
            if len(heard) < 175 or len(left) >= 40:
                continue
            samples = np.concatenate([each.samples for each in heard])
            known = played.between(heard[0].started_at - DELAY_SAMPLES / 16000, DELAY_SAMPLES + len(samples))
            rest = without_own_voice(samples, known, 135 * 480)
            left.append(level(rest) / level(samples[135 * 480:]))
        cancelled.set()
        playing.join()
    tell(left)
"""


def test_what_is_played_is_found_in_the_microphone_s_sound(card):
    """What the loudspeaker played explains the microphone's sound, so that less than a tenth (-20 dB) is left.

    A busy machine may lose sound in between, so the best of several moments counts.
    """
    with Program(card, OWN_VOICE) as program:
        left = program.hear()
    assert min(left) < 0.1, left
