"""`POST /api/ask` and what belongs to it, over the demo model and the real server."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from assistant.errors import AssistantError, ModelMissing
from assistant.language.phrases import phrases_for
from audio.errors import SpeechModelError, VoiceError
from tests.assistant.web.api.serving import (
    ANSWER,
    QUESTION,
    Running,
    SteppedEngine,
    data_uri,
    events_of,
    parts_with,
    picture,
    running,
    send,
    send_form,
    send_json,
)
from vision.demo_model.rendering.empty_pictures import EMPTY

EN = phrases_for("en")


def test_a_form_with_a_picture_is_answered_event_by_event(web: Running) -> None:
    """The events are accepted, seeing, the text in pieces, the sentence as it is spoken, and the whole answer at the
    end.
    """
    reply = send_form(web.port, "/api/ask", {"question": QUESTION, "image": ("image/png", picture())})
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/event-stream")
    events = events_of(reply.body)
    names = [name for name, _ in events]
    assert names == ["accepted", "seeing", *["text"] * names.count("text"), "sentence", "done"]
    assert names.count("text") > 1
    assert "".join(data["text"] for name, data in events if name == "text") == ANSWER
    done = events[-1][1]
    assert (done["answer"], done["finish"], done["doubt"]) == (ANSWER, "stop", "plain")
    assert done["tokens"]["answer"] == 5
    assert done["tokens"]["cached"] == 0
    assert done["timings"]["total"] > 0


def test_json_with_a_data_uri_is_answered_as_a_form_is(web: Running) -> None:
    """A form and JSON take the same keys."""
    reply = send_json(web.port, "/api/ask", {"question": QUESTION, "image": data_uri(picture("JPEG"), "image/jpeg")})
    assert events_of(reply.body)[-1][1]["answer"] == ANSWER


def test_a_further_question_is_about_the_same_picture_and_what_was_said(web: Running) -> None:
    """With the conversation's id the picture is not seen again, and "it" is understood."""
    first = events_of(send_form(web.port, "/api/ask", {"question": QUESTION, "image": ("image/png", picture())}).body)
    conversation = first[0][1]["conversation"]
    second = events_of(send_form(web.port, "/api/ask", {"question": "where is it", "conversation": conversation}).body)
    assert "seeing" not in [name for name, _ in second]
    done = second[-1][1]
    assert "the circle is" in done["answer"].lower()
    assert "left" in done["answer"]
    assert done["tokens"]["cached"] > 50
    assert done["timings"]["vision"] is None


def test_the_servers_camera_is_a_picture_too(web: Running) -> None:
    """With camera=1 only the question is sent."""
    reply = send_json(web.port, "/api/ask", {"question": QUESTION, "camera": True})
    assert events_of(reply.body)[-1][1]["answer"] == ANSWER
    frame = send(web.port, "GET", "/api/frame.jpg")
    assert (frame.status, frame.headers["Content-Type"], frame.body[:3]) == (200, "image/jpeg", b"\xff\xd8\xff")
    assert frame.headers["Cache-Control"] == "no-store"


def test_the_cameras_picture_is_kept_for_questions_when_it_is_asked_for(web: Running) -> None:
    """With keep=1 a header has the conversation about the very picture; otherwise nothing is kept."""
    wrong = send(web.port, "GET", "/api/frame.jpg?keep=yes")
    assert (wrong.status, wrong.code) == (400, "invalid_parameter")
    assert send(web.port, "GET", "/api/frame.jpg").headers["SeeSay-Conversation"] is None
    kept = send(web.port, "GET", "/api/frame.jpg?keep=1").headers["SeeSay-Conversation"]
    reply = send_json(web.port, "/api/ask", {"question": QUESTION, "conversation": kept})
    assert events_of(reply.body)[-1][1]["answer"] == ANSWER


def test_a_spoken_question_is_heard_first(web: Running) -> None:
    """The words of the question come as an event, before the answer."""
    reply = send_form(web.port, "/api/ask", {"audio": ("audio/wav", recording(0.5)), "image": ("image/png", picture())})
    events = dict(events_of(reply.body))
    assert events["heard"] == {"text": QUESTION, "confidence": 0.9}
    assert events["done"]["answer"] == ANSWER


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (AssistantError("no words were heard in /tmp/x.wav"), "nothing_heard", "no words were heard in the recording"),
        (ModelMissing("no Vosk model at /home/me/en"), "no_speech_model", "type the question"),
        (SpeechModelError("/home/me/en is damaged"), "no_speech_model", "type the question"),
        (VoiceError("/home/me"), "failed", "this machine could not answer"),
    ],
)
def test_a_recording_that_brings_no_words_ends_with_the_reason(error: Exception, code: str, words: str) -> None:
    """Silence is told apart from a missing model, and the message does not name the model's folder."""

    def hear(wav: Path, stopped: Callable[[], bool]) -> tuple[str, float]:
        raise error

    with running(parts_with(SteppedEngine(), hear=hear)) as server:
        fields = {"audio": ("audio/wav", recording(0.5)), "image": ("image/png", picture())}
        name, data = events_of(send_form(server.port, "/api/ask", fields).body)[-1]
    assert (name, data["error"]["code"]) == ("error", code)
    assert words in data["error"]["message"]
    assert "/home" not in data["error"]["message"]
    assert "/tmp" not in data["error"]["message"]


def test_sentences_come_with_sound_when_it_is_wanted(web: Running) -> None:
    """The sound comes as the address of a WAV file that is kept for some minutes."""
    fields = {"question": QUESTION, "image": ("image/png", picture()), "speak": "1"}
    events = dict(events_of(send_form(web.port, "/api/ask", fields).body))
    sound = send(web.port, "GET", events["sentence"]["audio"])
    assert (sound.status, sound.headers["Content-Type"]) == (200, "audio/wav")
    with wave.open(io.BytesIO(sound.body)) as reader:
        assert (reader.getnframes(), reader.getframerate()) == (100 * len(ANSWER), 16_000)
    assert send(web.port, "GET", "/api/speech/nobody.wav").code == "no_such_speech"


def test_a_picture_with_a_flaw_brings_advice_and_is_answered_all_the_same(web: Running) -> None:
    """The advice comes as an event, and the answer may be hedged because of the fault."""
    blurred = io.BytesIO()
    Image.open(io.BytesIO(picture())).filter(ImageFilter.GaussianBlur(5)).save(blurred, "PNG")
    fields = {"question": QUESTION, "image": ("image/png", blurred.getvalue())}
    events = dict(events_of(send_form(web.port, "/api/ask", fields).body))
    assert events["seeing"]["advice"] == EN.framing["blurred"].advice
    assert events["done"]["model"] == "demo_model"


@pytest.mark.parametrize(("kind", "fault"), [("blank", "blank"), ("black", "covered"), ("noise", "noise")])
def test_a_picture_of_nothing_is_told_of_in_place_of_an_answer(kind: str, fault: str) -> None:
    """The model would invent one. It is asked when the user asks on about the same picture, and then answers unsurely."""
    engine = SteppedEngine(words=(("There is no person.", -1e-6),))
    advice = EN.framing[fault].advice
    with running(parts_with(engine)) as server:
        fields = {"question": "is there a person", "image": ("image/png", empty_picture(kind))}
        events = events_of(send_form(server.port, "/api/ask", fields).body)
        done = events[-1][1]
        assert (done["answer"], done["finish"], done["doubt"], done["model"]) == (advice, "stop", "cannot tell", None)
        assert " ".join(data["text"] for name, data in events if name == "sentence") == advice
        assert "".join(data["text"] for name, data in events if name == "text") == advice
        assert dict(events)["seeing"]["advice"] is None, "it would be told twice"
        assert (engine.seen, engine.asked) == (0, [])

        engine.steps.release(100)
        again = {"question": "is there a person", "conversation": events[0][1]["conversation"]}
        done = events_of(send_form(server.port, "/api/ask", again).body)[-1][1]
        assert (done["answer"], done["doubt"]) == ("I am not sure, but there is no person.", "unsure")
        assert engine.asked == ["is there a person"], (
            "what was told in place of an answer is no part of the conversation"
        )


def test_clients_of_v1_get_the_models_own_answer_about_a_picture_of_nothing(web: Running) -> None:
    """A chat program asks with a prompt of its own, and expects the words of the model."""
    content = [
        {"type": "text", "text": QUESTION},
        {"type": "image_url", "image_url": {"url": data_uri(empty_picture("black"))}},
    ]
    body = {"model": "demo_model", "messages": [{"role": "user", "content": content}]}
    choice = send_json(web.port, "/v1/chat/completions", body).json["choices"][0]
    assert choice["message"]["content"] not in ("", EN.framing["covered"].advice)


def empty_picture(kind: str) -> bytes:
    """One of `vision.demo_model.rendering.empty_pictures`, as a PNG."""
    file = io.BytesIO()
    Image.fromarray(EMPTY[kind](np.random.default_rng(1), 640, 480)).save(file, "PNG")
    return file.getvalue()


def test_the_status_tells_what_was_asked_and_answered_last(web: Running) -> None:
    """The status has the last question and answer, for the page's head and for other programs."""
    send_json(web.port, "/api/ask", {"question": "  how many circles are there ", "camera": True})
    status = send(web.port, "GET", "/api/status").json
    assert status["last_question"] == "how many circles are there"
    assert status["last_answer"]
    assert status["state"] == "idle"
    assert status["queue"] == {"length": 0, "limit": 8}
    assert (status["model"], status["is_demo"], status["has_camera"]) == ("demo_model", True, True)
    assert status["camera_pixels"] is None, "nobody has told the size here"


def test_the_page_and_its_files_are_there_in_both_languages(web: Running) -> None:
    """The language comes from ?lang=, or else from the config."""
    assert b'<html lang="en">' in send(web.port, "GET", "/").body
    assert b'<html lang="zh' in send(web.port, "GET", "/?lang=zh").body
    assert send(web.port, "GET", "/static/vendor/bootstrap.min.css").status == 200
    assert send(web.port, "GET", "/healthz").json == {"ok": True}


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_common_kind_of_picture_is_read(web: Running, kind: str) -> None:
    """A picture is read whatever media type its part of the form has, because browsers often do not know it."""
    fields = {"question": QUESTION, "image": ("application/octet-stream", picture(kind))}
    assert events_of(send_form(web.port, "/api/ask", fields).body)[-1][1]["answer"] == ANSWER


def test_the_status_tells_where_pictures_go() -> None:
    """The status names the other computer that pictures go to, or null."""
    for host in (None, "192.168.1.20"):
        with running(parts_with(SteppedEngine(pictures_go_to=host))) as server:
            assert send(server.port, "GET", "/api/status").json["pictures_go_to"] == host


def recording(seconds: float) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(16_000)
        writer.writeframes(b"\x01\x00" * int(16_000 * seconds))
    return file.getvalue()
