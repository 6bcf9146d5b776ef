"""Print, codes, light and colours by HTTP: read from the picture, and the engine is not asked."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from typing import Any

import pytest

from assistant.answering.page_lines import PageReader
from assistant.language.phrases import phrases_for
from assistant.web.answers.status_board import LONGEST_SHOWN
from assistant.wiring.at_once import job_at_once
from audio.pcm import AudioChunk
from tests.assistant.fake_reader import FakeReader, Printed, page
from tests.assistant.web.api.conftest import beep
from tests.assistant.web.api.serving import (
    PATIENCE_SECONDS,
    Reply,
    Running,
    SteppedEngine,
    ask_request,
    data_uri,
    events_of,
    eventually,
    parts_with,
    picture,
    running,
    send,
    send_form,
    send_json,
)
from tests.assistant.web.api.test_queue_and_leaving import connect, read_until
from vision.errors import CameraLost, ReaderError
from vision.frame import Frame
from vision.framing import Fault
from vision.reading.interface import Layout
from vision.still import load_picture

EN = phrases_for("en")
WORDS = EN.reading
PAGE = page("Opening hours\n\n0pen\n\nFrom nine\nto five.", unsure=["0pen"])
SAID = "Opening hours I am not sure of this line: 0pen From nine to five."
IMAGE = data_uri(picture())


class Site:
    """A server over a fake reader and an engine that takes no step."""

    def __init__(
        self,
        lines: list[Printed] = PAGE,
        *,
        takes: Callable[[str], None] = lambda step: None,
        advice: tuple[str, ...] = (),
        synthesize: Callable[[str], AudioChunk] | None = None,
        **more: Any,
    ) -> None:
        self.engine = SteppedEngine()
        self.reader = FakeReader(lines, takes)

        def advise(frame: Frame, layout: Layout) -> tuple[str, ...]:
            return advice

        self.parts = parts_with(
            self.engine,
            pages=PageReader(self.reader, advise),
            tell=lambda command: job_at_once(command, EN),
            synthesize=synthesize,
            **more,
        )

    @property
    def engine_calls(self) -> int:
        return self.engine.seen + len(self.engine.asked)


def read(web: Running, **values: Any) -> Reply:
    return send_json(web.port, "/api/read", {"image": IMAGE, **values})


# The page as a whole


def test_without_streaming_the_whole_page_comes_as_one_object() -> None:
    """Paragraphs are kept, doubt is marked, every line has its place, and the engine is not asked."""
    site = Site(advice=("cut_left", "glare"))
    with running(site.parts) as web:
        reply = read(web)
        shown = send(web.port, "GET", "/api/status").json
    result = reply.json
    advice = [WORDS.advice["cut_left"], WORDS.advice["glare"]]
    assert reply.status == 200
    assert result["text"] == "Opening hours\n\n0pen\n\nFrom nine to five."
    assert [(line["text"], line["paragraph"], line["is_doubtful"]) for line in result["lines"]] == [
        ("Opening hours", 0, False), ("0pen", 1, True), ("From nine", 2, False), ("to five.", 2, False),
    ]  # fmt: skip
    assert result["lines"][1]["confidence"] == 0.4
    assert result["lines"][1]["corners"] == [[60.0, 100.0], [360.0, 100.0], [360.0, 130.0], [60.0, 130.0]]
    assert result["advice"] == [
        {"code": code, "sentence": sentence} for code, sentence in zip(("cut_left", "glare"), advice, strict=True)
    ]
    assert result["answer"] == " ".join((*advice, SAID))
    assert (result["rotation"], result["finish"], result["doubt"]) == (0, "stop", "unsure")
    assert 0 <= result["timings"]["first_sentence"] <= result["timings"]["total"]
    assert (shown["last_question"], shown["last_answer"]) == ("read", result["answer"])
    assert site.engine_calls == 0


def test_the_status_shows_the_beginning_of_a_long_page() -> None:
    """It is asked for every second."""
    with running(Site(page("word " * 20 + "\n") * 90).parts) as web:
        assert len(read(web).json["answer"]) > LONGEST_SHOWN
        shown = send(web.port, "GET", "/api/status").json["last_answer"]
    assert len(shown) == LONGEST_SHOWN + 2
    assert shown.endswith(" …")


def test_a_page_without_print_is_told_and_is_no_error() -> None:
    """There is no line, and the sentence says so."""
    site = Site([])
    with running(site.parts) as web:
        result = read(web).json
    assert (result["text"], result["lines"], result["answer"], result["doubt"]) == ("", [], WORDS.no_text, "plain")


def test_a_line_that_cannot_be_read_is_not_left_out() -> None:
    """It stands among the lines without words, and is told."""
    site = Site([Printed("One"), Printed("", 1, 0.0), Printed("Two", 2)])
    with running(site.parts) as web:
        result = read(web).json
    assert [(line["text"], line["is_doubtful"]) for line in result["lines"]] == [
        ("One", False), ("", True), ("Two", False),
    ]  # fmt: skip
    assert result["answer"] == f"One {WORDS.unreadable_line} Two"


def test_a_picture_is_read_and_then_asked_about() -> None:
    """The result names the conversation; the page may be read again in it, and the model asked."""
    site = Site()
    site.engine.tokens = 1
    with running(site.parts) as web:
        conversation = read(web).json["conversation"]
        again = send_json(web.port, "/api/read", {"conversation": conversation}).json
        site.engine.steps.release(10)
        answer = send_json(web.port, "/api/ask", {"question": "what is this", "conversation": conversation})
    assert again["conversation"] == conversation
    assert again["text"].startswith("Opening hours")
    assert events_of(answer.body)[-1][1]["answer"] == "word"
    assert site.engine_calls == 2


def test_a_form_will_do_and_so_does_the_camera() -> None:
    """The keys are those of `/api/ask`."""
    taken = Frame(load_picture(picture()), 0.0)
    site = Site(take=lambda cancelled: (taken, Fault.BLURRED))
    with running(site.parts) as web:
        sent = send_form(web.port, "/api/read", {"image": ("image/png", picture())}).json
        seen = send_form(web.port, "/api/read", {"camera": "1"}).json
    assert sent["answer"] == seen["answer"] == SAID


@pytest.mark.parametrize(("lines", "is_told"), [([], True), (PAGE, False)])
def test_what_is_wrong_with_a_picture_is_told_where_no_line_was_found(lines: list[Printed], is_told: bool) -> None:
    """Where lines are found they speak for themselves: a clean white page is taken for a picture that is too bright."""
    site = Site(lines, take=lambda cancelled: (Frame(load_picture(picture()), 0.0), Fault.TOO_BRIGHT))
    advice = EN.framing["too_bright"].advice
    with running(site.parts) as web:
        result = send_json(web.port, "/api/read", {"camera": True}).json
    assert result["advice"] == ([{"code": "too_bright", "sentence": advice}] if is_told else [])
    assert result["answer"] == (f"{advice} {WORDS.no_text}" if is_told else SAID)


def test_the_picture_of_a_frozen_camera_is_not_read() -> None:
    """What it shows is not what is there now."""
    site = Site(take=lambda cancelled: (Frame(load_picture(picture()), 0.0), Fault.FROZEN))
    with running(site.parts) as web:
        result = send_json(web.port, "/api/read", {"camera": True}).json
    assert (result["lines"], result["answer"]) == ([], EN.framing["frozen"].advice)
    assert site.reader.log == []


# As a stream


def test_lines_come_as_they_are_recognised() -> None:
    """The first line is there while the reader still works at the second; the sentences are for a voice."""
    go_on = threading.Event()

    def takes(step: str) -> None:
        assert step != "line 1" or go_on.wait(PATIENCE_SECONDS)

    site = Site(takes=takes, synthesize=beep)
    with running(site.parts) as web:
        client = connect(
            web.port, ask_request({"image": ("image/png", picture()), "stream": "1", "speak": "1"}, "/api/read")
        )
        early = read_until(client, "Opening hours")
        assert "0pen" not in early
        go_on.set()
        late = read_until(client, "event: end")
        client.close()
    names = [event.split("\n")[0] for event in (early + late).split("event: ")[1:]]
    assert names[:4] == ["accepted", "seeing", "found", "line"]
    assert names.count("line") == 4
    assert names.count("sentence") == 3
    assert names[-1] == "end"
    assert site.engine_calls == 0


def test_a_stream_ends_with_the_whole_result() -> None:
    """`end` is the same object as without streaming; a voice gets its sentences with their sound."""
    site = Site(synthesize=beep)
    with running(site.parts) as web:
        events = events_of(read(web, stream=True, speak=True).body)
        whole = read(web).json
    name, end = events[-1]
    changing = {"conversation", "timings"}
    assert name == "end"
    assert end["conversation"] == events[0][1]["conversation"]
    assert {key: end[key] for key in end.keys() - changing} == {key: whole[key] for key in whole.keys() - changing}
    assert [data for name, data in events if name == "line"] == whole["lines"]
    assert [data for name, data in events if name == "found"] == [{"lines": 4, "rotation": 0, "advice": []}]
    assert all(data["audio"].startswith("/api/speech/") for name, data in events if name == "sentence")
    assert not [data for name, data in events if name == "text"]


@pytest.mark.parametrize("values", [{"stream": True}, {}])
def test_a_client_that_leaves_ends_the_reading(values: dict[str, Any]) -> None:
    """Also one that does not stream: no further line is recognised, and its place in the queue is free."""
    begun, gone = threading.Event(), threading.Event()

    def takes(step: str) -> None:
        if step == "line 1":
            begun.set()
            assert gone.wait(PATIENCE_SECONDS)

    site = Site(takes=takes)
    fields: dict[str, Any] = {"image": ("image/png", picture()), **dict.fromkeys(values, "1")}
    with running(site.parts) as web:
        client = connect(web.port, ask_request(fields, "/api/read"))
        assert begun.wait(PATIENCE_SECONDS)
        client.close()
        threading.Event().wait(0.2)  # until the server has noticed it
        gone.set()
        assert eventually(lambda: web.services.queue.status.length == 0)
    assert site.reader.log == ["find", "line 0"]


def test_stop_ends_the_reading_and_keeps_what_was_read() -> None:
    """The stream ends in good order."""
    stopped = threading.Event()

    def takes(step: str) -> None:
        if step == "line 1":
            (conversation,) = ids
            assert send_json(web.port, "/api/stop", {"conversation": conversation}).status == 200
            stopped.set()

    site = Site(takes=takes)
    ids: list[str] = []
    with running(site.parts) as web:
        ids.append(web.services.conversations.new(Frame(load_picture(picture()), 0.0), None).id)
        events = events_of(send_json(web.port, "/api/read", {"conversation": ids[0], "stream": True}).body)
    end = events[-1][1]
    assert stopped.is_set()
    assert (end["finish"], [line["text"] for line in end["lines"]]) == ("cancelled", ["Opening hours"])


def test_a_page_waits_for_its_turn_like_a_question() -> None:
    """It has a place in the one queue, and is refused when that is full."""
    site = Site()
    with running(site.parts, queue_limit=1) as web:
        ticket = web.services.queue.enter()
        assert (read(web).status, read(web).code) == (429, "queue_full")
        ticket.leave()
        assert read(web).status == 200


# What goes wrong


@pytest.mark.parametrize("stream", [True, False])
def test_a_reader_that_fails_is_told_in_one_sentence(stream: bool) -> None:
    """The client gets no word of the machine's folders, and the server goes on."""

    def takes(step: str) -> None:
        raise ReaderError("rapidocr's model /usr/lib/x.onnx is damaged")

    site = Site(takes=takes)
    with running(site.parts) as web:
        reply = read(web, stream=stream)
        error = events_of(reply.body)[-1][1]["error"] if stream else reply.json["error"]
        assert reply.status == (200 if stream else 503)
        site.reader.takes = lambda step: None
        assert read(web).status == 200
    assert error["code"] == "no_reader"
    assert "onnx" not in error["message"]


def test_a_machine_without_a_reader_says_so() -> None:
    """Then the question goes to the engine, as before, and the address refuses."""
    engine = SteppedEngine(tokens=1)
    engine.steps.release(10)
    with running(parts_with(engine)) as web:
        assert read(web).code == "no_reader"
        events = events_of(send_json(web.port, "/api/ask", {"question": "read the text", "image": IMAGE}).body)
    assert events[-1][1]["answer"] == "word"


@pytest.mark.parametrize(
    ("values", "status", "named"),
    [
        ({}, 400, "image"),
        ({"image": IMAGE, "camera": True}, 400, "image"),
        ({"image": IMAGE, "question": "what"}, 400, "question"),
        ({"image": IMAGE, "stream": "yes"}, 400, "stream"),
        ({"conversation": "none"}, 404, "conversation"),
        ({"image": "data:image/png;base64," + base64.b64encode(b"no picture").decode()}, 422, "picture"),
    ],
)
def test_a_wrong_request_is_refused(values: dict[str, Any], status: int, named: str) -> None:
    """The sentence names the key."""
    with running(Site().parts) as web:
        reply = send_json(web.port, "/api/read", values)
    assert reply.status == status
    assert reply.code
    assert named in reply.json["error"]["message"]


def test_the_page_of_another_site_and_a_client_without_the_token_are_refused() -> None:
    """As for a question."""
    with running(Site().parts, token="0123456789abcdefghij") as web:
        body = {"image": IMAGE}
        assert send_json(web.port, "/api/read", body).status == 401
        bearer = {"Authorization": "Bearer 0123456789abcdefghij"}
        assert send_json(web.port, "/api/read", body, Origin="http://evil.example", **bearer).code == "wrong_origin"
        assert send_json(web.port, "/api/read", body, **bearer).status == 200


# As a question


def test_read_the_text_as_a_question_is_answered_by_the_reader() -> None:
    """Typed or spoken. Clients that know only `text` and `done` get the words too."""
    site = Site(hear=lambda wav, stopped: ("read it", 0.9))
    with running(site.parts) as web:
        events = events_of(send_json(web.port, "/api/ask", {"question": "Read the text, please.", "image": IMAGE}).body)
    done = events[-1][1]
    assert events[-1][0] == "done"
    assert "".join(data["text"] for name, data in events if name == "text").strip() == done["answer"] == SAID
    assert [data["text"] for name, data in events if name == "line"] == [line.text for line in PAGE]
    assert (done["model"], done["finish"], done["doubt"]) == (None, "stop", "unsure")
    assert site.engine_calls == 0


def test_codes_light_and_colours_are_told_at_once() -> None:
    """The engine is not asked, and numbers are written in digits."""
    site = Site()
    with running(site.parts) as web:

        def answer(question: str) -> str:
            body = send_json(web.port, "/api/ask", {"question": question, "image": IMAGE}).body
            return str(events_of(body)[-1][1]["answer"])

        assert answer("read the code").startswith(EN.codes.none)
        assert answer("how bright is it").startswith(EN.light.levels["very_bright"])
        assert "white" in answer("which color is in the middle")
    assert site.engine_calls == 0
    assert site.reader.log == []


def test_a_question_about_the_print_stays_a_question() -> None:
    """Only whole commands are taken: the model answers the others."""
    site = Site()
    site.engine.tokens = 1
    site.engine.steps.release(10)
    with running(site.parts) as web:
        send_json(web.port, "/api/ask", {"question": "what does the label say", "image": IMAGE})
    assert site.engine.asked == ["what does the label say"]


def test_clients_of_v1_ask_the_model_even_with_the_words_of_a_command() -> None:
    """Their prompts are theirs."""
    site = Site()
    site.engine.tokens = 1
    site.engine.steps.release(10)
    content = [{"type": "image_url", "image_url": {"url": IMAGE}}, {"type": "text", "text": "read the text"}]
    with running(site.parts) as web:
        send_json(
            web.port, "/v1/chat/completions", {"model": "stepped", "messages": [{"role": "user", "content": content}]}
        )
    assert site.engine.asked == ["read the text"]
    assert site.reader.log == []


def test_a_camera_that_is_lost_meanwhile_is_told() -> None:
    """As for a question."""

    def take(cancelled: threading.Event) -> tuple[Frame, Fault | None]:
        raise CameraLost("the camera /dev/video0 is gone")

    with running(Site(take=take).parts) as web:
        assert send_json(web.port, "/api/read", {"camera": True}).code == "camera_lost"
