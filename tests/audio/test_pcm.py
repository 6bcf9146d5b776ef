import numpy as np
import pytest

from audio.pcm import AudioChunk, AudioFormat, ChunkCutter, StreamResampler, resample


def sine(seconds: float, rate_hz: int, pitch_hz: float = 440.0) -> np.ndarray:
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    return np.round(8000 * np.sin(2 * np.pi * pitch_hz * time)).astype(np.int16)


def test_chunk_times():
    """A chunk ends as long after its beginning as it has samples."""
    chunk = AudioChunk(np.zeros(480, np.int16), 16_000, started_at=2.0)
    assert chunk.duration_seconds == pytest.approx(0.03)
    assert chunk.ended_at == pytest.approx(2.03)


def test_format_converts_both_ways():
    """A format turns seconds into samples and back."""
    assert AudioFormat(16_000).samples_in(0.03) == 480
    assert AudioFormat(16_000).seconds_of(480) == pytest.approx(0.03)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(48_000, 16_000), (22_050, 48_000), (8_000, 16_000)])
def test_resample_keeps_pitch_length_and_level(from_hz, to_hz):
    """A resampled tone has the same length, pitch and loudness."""
    resampled = resample(sine(1.0, from_hz), from_hz, to_hz)
    assert len(resampled) == pytest.approx(to_hz, abs=2)
    expected = sine(1.0, to_hz)[: len(resampled)]
    middle = slice(to_hz // 10, -to_hz // 10)
    error = resampled[middle].astype(float) - expected[middle]
    assert np.abs(error).max() < 40  # of 8,000


def test_resample_stops_what_would_alias():
    """A pitch above half the new rate disappears; it does not come back as another pitch."""
    resampled = resample(sine(1.0, 48_000, pitch_hz=11_000), 48_000, 16_000)
    assert np.abs(resampled[1600:-1600]).max() < 20


def test_nothing_resampled_is_nothing():
    """An empty sound stays empty."""
    assert len(resample(np.empty(0, np.int16), 22_050, 48_000)) == 0


def test_stream_has_no_seams():
    """A stream that is resampled block by block equals the whole at once, except for a millisecond at its ends."""
    tone = sine(1.0, 48_000)
    stream = StreamResampler(48_000, 16_000)
    blocks = [stream.push(tone[i : i + 960]) for i in range(0, len(tone), 960)]
    blocks.append(stream.push(np.empty(0, np.int16), last=True))
    together = np.concatenate(blocks)
    whole = resample(tone, 48_000, 16_000)
    assert abs(len(together) - len(whole)) <= 1
    same = min(len(together), len(whole))
    assert np.abs(together[:same].astype(int) - whole[:same])[20:-20].max() <= 2


def test_a_microphone_s_stream_is_hardly_held_back():
    """From 48,000 Hz all but 2 ms of a block come out at once, because somebody waits for the words."""
    stream = StreamResampler(48_000, 16_000)
    given = sum(len(stream.push(block)) for block in np.split(sine(1.0, 48_000), 50))
    assert 0 <= 16_000 - given <= 0.0021 * 16_000


@pytest.mark.parametrize("pitch_hz", [100, 1000, 3000, 6000, 7300])
def test_a_microphone_s_stream_keeps_what_speech_is_made_of(pitch_hz):
    """Every pitch that the recogniser uses keeps its loudness."""
    stream = StreamResampler(48_000, 16_000)
    resampled = np.concatenate([stream.push(block) for block in np.split(sine(1.0, 48_000, pitch_hz), 50)])
    expected = sine(1.0, 16_000, pitch_hz)[: len(resampled)]
    assert np.abs(resampled[400:-400].astype(float) - expected[400:-400]).max() < 80  # of 8,000


@pytest.mark.parametrize("pitch_hz", [8_700, 11_000, 20_000])
def test_a_microphone_s_stream_has_no_aliases(pitch_hz):
    """Sound above half the new rate is removed, also block by block."""
    stream = StreamResampler(48_000, 16_000)
    resampled = np.concatenate([stream.push(block) for block in np.split(sine(1.0, 48_000, pitch_hz), 50)])
    assert np.abs(resampled[400:-400]).max() <= 4


@pytest.mark.parametrize("block", [100, 480, 1234])
def test_cutter_gives_chunks_of_30_ms(block):
    """Blocks of any size come out as 480 samples each, in order, and none is lost."""
    ramp = np.arange(5000, dtype=np.int16)
    cutter = ChunkCutter(16_000)
    chunks = [chunk for i in range(0, 5000, block) for chunk in cutter.push(ramp[i : i + block])]
    chunks += cutter.finish()
    assert {len(chunk) for chunk in chunks} == {480}
    together = np.concatenate(chunks)
    assert np.array_equal(together[:5000], ramp)
    assert not together[5000:].any()
