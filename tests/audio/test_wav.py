import os
import struct
import subprocess
import sys
import textwrap
import threading
import tracemalloc
import wave

import numpy as np
import pytest
import soundfile

from audio.errors import AudioError, WavError, WavWriteError
from audio.pcm import AudioChunk
from audio.wav import WavSource, WavSpeaker, read_wav, write_wav


def tone(seconds=0.5, rate_hz=16_000, level=8000):
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    return np.round(level * np.sin(2 * np.pi * 440 * time)).astype(np.int16)


def heard(path, **options):
    chunks = list(WavSource(path, **options).chunks())
    assert {(len(chunk.samples), chunk.sample_rate_hz) for chunk in chunks} == {(480, 16_000)}
    return np.concatenate([chunk.samples for chunk in chunks])


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
def test_every_common_encoding_is_heard_alike(tmp_path, subtype, container):
    """8 to 32 bits, integer or float, plain or extensible header: the same sound."""
    path = tmp_path / "question.wav"
    soundfile.write(path, tone() / 32768, 16_000, subtype=subtype, format=container)
    error = heard(path)[:8000].astype(int) - tone()
    assert np.abs(error).max() <= (300 if subtype == "PCM_U8" else 1)


def test_stereo_is_mixed(tmp_path):
    """Two channels become their mean."""
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.stack([tone(), np.zeros(8000, np.int16)], axis=1), 16_000)
    assert np.abs(heard(path)[:8000].astype(int) - tone() / 2).max() <= 1


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_any_rate_is_resampled(tmp_path, rate_hz):
    """A file at another rate is heard at 16,000 Hz, as long and as loud."""
    path = tmp_path / "question.wav"
    soundfile.write(path, tone(rate_hz=rate_hz), rate_hz)
    samples = heard(path)
    assert len(samples) == pytest.approx(8000, abs=480)
    assert np.abs(samples[1000:7000].astype(int) - tone()[1000:7000]).max() < 60


def test_chunk_times_count_from_the_start(tmp_path):
    """Chunks follow each other every 30 ms from 0, and the source is not live."""
    write_wav(tmp_path / "q.wav", AudioChunk(tone(), 16_000))
    source = WavSource(tmp_path / "q.wav")
    times = [chunk.started_at for chunk in source.chunks()]
    assert times == pytest.approx([0.03 * i for i in range(len(times))])
    assert source.live is False


def test_stop_ends_the_chunks(tmp_path):
    """After stop() no further chunk comes."""
    write_wav(tmp_path / "q.wav", AudioChunk(tone(2.0), 16_000))
    source = WavSource(tmp_path / "q.wav")
    chunks = source.chunks()
    next(chunks)
    source.stop()
    assert list(chunks) == []


def test_float_beyond_full_scale_and_nan_do_no_harm(tmp_path):
    """Float samples over 1, infinite or no numbers are held to full scale or silence."""
    path = tmp_path / "wild.wav"
    soundfile.write(path, np.array([3.0, -3.0, np.nan, np.inf] * 200, np.float32), 16_000, subtype="FLOAT")
    assert list(read_wav(path).samples[:4]) == [32767, -32768, 0, 32767]


def bad_files(folder):
    """Name and content of files that are no usable WAV, with a word their message must have."""
    good = folder / "good.wav"
    write_wav(good, AudioChunk(tone(), 16_000))
    content = good.read_bytes()
    yield "empty.wav", b"", "not a WAV"
    yield "text.wav", b"What is this?\n" * 100, "not a WAV"
    yield "header-only.wav", content[:44], "no sound"
    yield "cut-header.wav", content[:20], "not a WAV"
    yield "rate-0.wav", content[:24] + struct.pack("<II", 0, 0) + content[32:], ""
    for name, options, word in [
        ("ulaw.wav", {"subtype": "ULAW"}, "ULAW"),
        ("adpcm.wav", {"subtype": "IMA_ADPCM"}, "IMA_ADPCM"),
        ("flac.wav", {"format": "FLAC"}, "FLAC"),
        ("aiff.wav", {"format": "AIFF"}, "AIFF"),
    ]:
        soundfile.write(folder / name, tone(), 16_000, **options)
        yield name, None, word
    soundfile.write(folder / "six.wav", np.zeros((100, 6)), 48_000)
    yield "six.wav", None, "6 channels"


def test_what_is_no_usable_wav_is_refused_in_one_sentence(tmp_path):
    """Each unusable file is refused before it is read, with its path and the reason."""
    for name, content, word in bad_files(tmp_path):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(WavError) as caught:
            WavSource(path)
        assert str(path) in str(caught.value)
        assert word in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
def test_what_is_no_file_is_refused(tmp_path, kind):
    """A missing path, a folder and a pipe without a writer are refused; none of them blocks."""
    path = tmp_path / "q.wav"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(WavError, match=r"q\.wav"):
        WavSource(path)


def test_three_hours_are_refused_by_the_header(tmp_path):
    """A file longer than the limit is refused without reading it."""
    path = tmp_path / "long.wav"
    frames = 3 * 3600 * 16_000
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + frames * 2, b"WAVE", b"fmt ", 16, 1, 1, 16_000, 32_000, 2, 16,
        b"data", frames * 2,
    )  # fmt: skip
    with path.open("wb") as file:
        file.write(header)
        file.truncate(44 + frames * 2)  # sparse: it takes no room on the disk
    tracemalloc.start()
    with pytest.raises(WavError, match="10800 s, but at most 600 s"):
        WavSource(path)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 2_000_000
    assert WavSource(path, max_seconds=20_000)


def test_a_cut_recording_is_heard_as_far_as_it_goes(tmp_path):
    """A file whose end is missing gives what is there."""
    path = tmp_path / "q.wav"
    write_wav(path, AudioChunk(tone(), 16_000))
    path.write_bytes(path.read_bytes()[: 44 + 8000])
    assert len(heard(path)) == pytest.approx(4000, abs=480)


def test_written_and_read_back(tmp_path):
    """What is written is read back sample by sample, also by Python's own reader."""
    path = tmp_path / "a.wav"
    write_wav(path, AudioChunk(tone(rate_hz=22_050), 22_050))
    again = read_wav(path)
    assert again.sample_rate_hz == 22_050
    assert np.array_equal(again.samples, tone(rate_hz=22_050))
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22_050)


def test_speaker_writes_one_sound_after_the_other(tmp_path):
    """Sounds of several rates follow each other in one file at the rate of the first."""
    path = tmp_path / "answer.wav"
    never = threading.Event()
    with WavSpeaker(path) as speaker:
        assert speaker.play(AudioChunk(tone(1.0, 22_050), 22_050), never) is not None
        assert speaker.play(AudioChunk(tone(1.0, 48_000), 48_000), never) is not None
        speaker.drain(never)
        assert not path.exists()
        assert not speaker.speaking
    chunk = read_wav(path)
    assert chunk.sample_rate_hz == 22_050
    assert chunk.duration_seconds == pytest.approx(2.0, abs=0.001)
    assert os.listdir(tmp_path) == ["answer.wav"]


def test_speaker_writes_nothing_of_a_cancelled_sound(tmp_path):
    """A sound cancelled before it begins is not in the file."""
    cancelled = threading.Event()
    cancelled.set()
    with WavSpeaker(tmp_path / "answer.wav") as speaker:
        assert speaker.play(AudioChunk(tone(), 16_000), cancelled) is None
        speaker.close()
    with wave.open(str(tmp_path / "answer.wav")) as file:
        assert file.getnframes() == 0


def test_an_old_file_stays_until_the_new_one_is_complete(tmp_path):
    """The file at the path is replaced in one step, at close()."""
    path = tmp_path / "answer.wav"
    path.write_bytes(b"old")
    speaker = WavSpeaker(path)
    speaker.play(AudioChunk(tone(), 16_000), threading.Event())
    assert path.read_bytes() == b"old"
    speaker.close()
    assert read_wav(path).duration_seconds == pytest.approx(0.5)


@pytest.mark.parametrize("target", ["missing/answer.wav", "folder"])
def test_where_no_file_can_be_written(tmp_path, target):
    """A missing folder, or a folder in the file's place, is told at once."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(WavWriteError, match=r"answer\.wav|folder") as caught:
        WavSpeaker(tmp_path / target)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, AudioError | OSError)


def test_device_files_are_left_alone():
    """A device such as /dev/full is refused, never replaced by a file."""
    with pytest.raises(WavWriteError, match="/dev/full"):
        write_wav(__import__("pathlib").Path("/dev/full"), AudioChunk(tone(), 16_000))


@pytest.mark.parametrize("limit_bytes", [20, 60_000])
def test_a_full_disk_leaves_no_half_file(tmp_path, limit_bytes):
    """When the disk is full the error says so, and neither a half nor a hidden file remains."""
    # A real limit of the operating system, in a process of its own.
    program = textwrap.dedent(f"""
        import resource, threading
        from pathlib import Path
        import numpy as np
        from audio.errors import WavWriteError
        from audio.pcm import AudioChunk
        from audio.wav import WavSpeaker
        resource.setrlimit(resource.RLIMIT_FSIZE, ({limit_bytes}, {limit_bytes}))
        speaker = WavSpeaker(Path("answer.wav"))
        try:
            for _ in range(10):
                speaker.play(AudioChunk(np.ones(22050, np.int16), 22050), threading.Event())
        except WavWriteError as error:
            print(error)
        speaker.close()
    """)
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert run.stderr == ""
    assert run.stdout.startswith("cannot write answer.wav: file too large")
    assert os.listdir(tmp_path) == []
