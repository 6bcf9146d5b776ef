"""`/v1/audio/…` with the real `openai` package: recordings become words, and texts become sound."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest
import soundfile

from assistant.errors import AssistantError, ModelMissing
from assistant.web.answers.sounds import PLACES
from assistant.web.answers.speech import wav_bytes
from audio.errors import VoiceError
from audio.pcm import AudioChunk
from tests.assistant.web.api.conftest import beep
from tests.assistant.web.api.serving import (
    Running,
    SteppedEngine,
    eventually,
    parts_with,
    running,
    send_form,
    send_json,
)

RECORDING = ("q.wav", wav_bytes(AudioChunk(np.full(16_000, 500, np.int16), 16_000)), "audio/wav")


@pytest.fixture
def client(web: Running) -> Iterator[Any]:
    with openai.OpenAI(base_url=f"{web.address}/v1", api_key="none", max_retries=0, timeout=20.0) as made:
        yield made


def test_a_recording_becomes_words(client: Any) -> None:
    """Whatever model a program names, the words are those that this machine hears."""
    heard = client.audio.transcriptions.create(model="whisper-1", file=RECORDING, language="en")
    assert heard.text == "what color is the circle"
    plain = client.audio.transcriptions.create(model="whisper-1", file=RECORDING, response_format="text")
    assert plain.strip() == "what color is the circle"
    more = client.audio.transcriptions.create(model="whisper-1", file=RECORDING, response_format="verbose_json")
    assert (more.text, more.duration, more.language) == ("what color is the circle", 1.0, "en")


@pytest.mark.parametrize(
    ("change", "status", "code", "parameter"),
    [
        ({"file": ("q.webm", b"\x1aE\xdf\xa3", "audio/webm")}, 422, "bad_recording", "file"),
        ({"file": ("q.mp4", b"x", "video/mp4")}, 415, "wrong_type", "file"),
        (
            {"file": ("q.wav", wav_bytes(AudioChunk(np.zeros(61 * 8000, np.int16), 8000)), "audio/wav")},
            422,
            "bad_recording",
            "file",
        ),
        ({"response_format": "srt"}, 400, "unsupported_parameter", "response_format"),
        ({"language": "de"}, 400, "unsupported_parameter", "language"),
        ({"stream": True}, 400, "unsupported_parameter", "stream"),
    ],
)
def test_a_recording_that_cannot_be_heard_is_refused(
    client: Any, change: dict[str, Any], status: int, code: str, parameter: str
) -> None:
    """The refusal names the wrong key, and no folder of this machine."""
    with pytest.raises(openai.APIStatusError) as caught:
        client.audio.transcriptions.create(**{"model": "whisper-1", "file": RECORDING, **change})
    error = caught.value
    assert (error.status_code, error.code, error.param) == (status, code, parameter)
    assert "/tmp" not in error.body["message"]


def test_silence_has_no_words() -> None:
    """A recording in which nobody speaks is no error, and a speech model that is away is one."""

    def nothing(wav: Path, stopped: Callable[[], bool]) -> tuple[str, float]:
        raise AssistantError("no words were heard")

    def no_model(wav: Path, stopped: Callable[[], bool]) -> tuple[str, float]:
        raise ModelMissing("it is not in /secret")

    form: dict[str, Any] = {"file": ("audio/wav", RECORDING[1])}
    with running(parts_with(SteppedEngine(), hear=nothing)) as server:
        assert send_form(server.port, "/v1/audio/transcriptions", form).json == {"text": ""}
    for hear in (no_model, None):
        with running(parts_with(SteppedEngine(), hear=hear)) as server:
            reply = send_form(server.port, "/v1/audio/transcriptions", form)
        assert (reply.status, reply.code) == (503, "no_speech_model")
        assert b"secret" not in reply.body


@pytest.mark.parametrize("name", ["mp3", "wav", "flac"])
def test_a_text_becomes_sound(client: Any, name: str) -> None:
    """The sound is as long as its sentences, in the format that was asked for."""
    made = client.audio.speech.create(model="tts-1", voice="alloy", input="A cup. A plate.", response_format=name)
    samples, rate_hz = soundfile.read(io.BytesIO(made.read()))
    assert rate_hz == 16_000
    assert abs(len(samples) - len(beep("A cup.").samples) - len(beep("A plate.").samples)) < 3000
    assert np.abs(samples).max() > 0.01


def test_sound_without_a_header_has_the_rate_that_openai_promises(client: Any) -> None:
    """PCM has 24,000 samples a second; a request that names no format gets MP3."""
    pcm = client.audio.speech.create(model="tts-1", voice="alloy", input="A cup.", response_format="pcm").read()
    assert len(pcm) == pytest.approx(2 * len(beep("A cup.").samples) * 24 / 16, abs=4)
    usual = client.audio.speech.create(model="tts-1", voice="alloy", input="A cup.")
    assert usual.response.headers["content-type"] == "audio/mpeg"


@pytest.mark.parametrize(
    ("change", "code", "parameter"),
    [
        ({"input": " "}, "missing_parameter", "input"),
        ({"input": "a" * 4097}, "invalid_parameter", "input"),
        ({"response_format": "aac"}, "unsupported_parameter", "response_format"),
        ({"stream_format": "sse"}, "unsupported_parameter", "stream_format"),
        ({"speed": 9}, "invalid_parameter", "speed"),
    ],
)
def test_a_text_that_cannot_be_spoken_is_refused(
    client: Any, change: dict[str, Any], code: str, parameter: str
) -> None:
    """The refusal names the wrong key."""
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.speech.create(**{"model": "tts-1", "voice": "alloy", "input": "A cup.", **change})
    assert (caught.value.code, caught.value.param) == (code, parameter)


def test_the_voice_gets_its_turn_between_two_sentences() -> None:
    """A long text is spoken sentence by sentence, since the machine's own voice uses the same espeak-ng."""
    spoken: list[str] = []

    def synthesize(sentence: str) -> AudioChunk:
        spoken.append(sentence)
        return beep(sentence)

    with running(parts_with(SteppedEngine(), synthesize=synthesize)) as server:
        assert send_json(server.port, "/v1/audio/speech", {"input": "One. Two! " + "word " * 200}).status == 200
    assert spoken[:2] == ["One.", "Two!"]
    assert max(map(len, spoken)) <= 240


def test_a_voice_that_is_away_is_told() -> None:
    """Without a voice, with a broken one, and for a text that has no words in it."""

    def broken(sentence: str) -> AudioChunk:
        raise VoiceError("espeak-ng at /secret")

    for synthesize in (None, broken):
        with running(parts_with(SteppedEngine(), synthesize=synthesize)) as server:
            reply = send_json(server.port, "/v1/audio/speech", {"input": "A cup."})
        assert (reply.status, reply.code) == (503, "no_voice")
        assert b"secret" not in reply.body
    with running(parts_with(SteppedEngine(), synthesize=lambda _: AudioChunk(np.empty(0, np.int16), 16_000))) as server:
        reply = send_json(server.port, "/v1/audio/speech", {"input": "***"})
    assert (reply.status, reply.code) == (400, "invalid_parameter")


def test_dictation_waits_for_no_answer_and_has_a_queue_of_its_own() -> None:
    """While the model is at work recordings are heard. Too many at once are told to come back."""
    go_on, heard = threading.Event(), threading.Semaphore(0)

    def hear(wav: Path, stopped: Callable[[], bool]) -> tuple[str, float]:
        heard.release()
        assert go_on.wait(20)
        return "hello", 1.0

    form: dict[str, Any] = {"file": ("audio/wav", RECORDING[1])}
    replies: list[Any] = []
    with running(parts_with(SteppedEngine(), hear=hear), queue_limit=1) as server:
        ticket = server.services.queue.enter()  # the model is at work, and its queue is full
        threads = [
            threading.Thread(target=lambda: replies.append(send_form(server.port, "/v1/audio/transcriptions", form)))
            for _ in range(PLACES)
        ]
        for thread in threads:
            thread.start()
        assert heard.acquire(timeout=20)
        assert eventually(lambda: len(server.services.sounds._queue._tickets) == PLACES)
        refused = send_form(server.port, "/v1/audio/transcriptions", form)
        assert (refused.status, refused.code) == (429, "queue_full")
        assert int(refused.headers["Retry-After"]) >= 1
        assert "recordings" in refused.json["error"]["message"]
        go_on.set()
        for thread in threads:
            thread.join()
        ticket.leave()
    assert [reply.json["text"] for reply in replies] == ["hello"] * PLACES
