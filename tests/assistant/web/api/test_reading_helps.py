"""Questions about writing by HTTP: the reader helps as it does by voice."""

from __future__ import annotations

from typing import Any

from assistant.answering.judging.doubt import DoubtRule
from assistant.answering.reading.reader_context import QuestionReader
from assistant.language.phrases import phrases_for
from tests.assistant.fake_reader import FakeReader, page
from tests.assistant.fakes import FakeEngine
from tests.assistant.web.api.serving import Running, data_uri, events_of, parts_with, picture, running, send_json

EN = phrases_for("en")
DOOR = "what number is on the door"
TOLD = f"{EN.writing.read_before}\n“Room 401”\nQuestion: {DOOR}"
DOUBTED = "I am not sure: the room is 407. I also read 401."


class Site:
    """A server over a fake engine and a fake reader."""

    def __init__(self) -> None:
        self.engine = FakeEngine(("The room is 407.",))
        self.reader = FakeReader(page("Room 401"))
        self.parts = parts_with(self.engine, doubt=DoubtRule(0.2, 0.2), reader=QuestionReader(self.reader, EN))

    def asked(self) -> list[str]:
        return self.engine.views[0].asked


def ask(web: Running, question: str, **about: str) -> tuple[str, dict[str, Any]]:
    """The conversation's id, and the last event."""
    events = events_of(send_json(web.port, "/api/ask", {"question": question, **about}).body)
    return events[0][1]["conversation"], events[-1][1]


def test_the_page_hears_the_doubt_of_the_reader() -> None:
    """The prompt has the lines; the whole text, the sentence and `doubt` tell the contradiction."""
    site = Site()
    with running(site.parts) as web:
        _, done = ask(web, DOOR, image=data_uri(picture()))
    assert site.asked() == [TOLD]
    assert (done["answer"], done["doubt"]) == (DOUBTED, "unsure")


def test_a_conversation_is_told_once_and_keeps_the_users_own_words() -> None:
    """Further questions go alone. What was read is in no exchange that is told again after the view has forgotten."""
    site = Site()
    with running(site.parts) as web:
        conversation, _ = ask(web, DOOR, image=data_uri(picture()))
        ask(web, "what color is it", conversation=conversation)
        ask(web, DOOR, conversation=conversation)
        assert site.asked() == [TOLD, "what color is it", DOOR]
        site.engine.views[0].cache_bytes = 0  # another picture took its room
        _, done = ask(web, DOOR, conversation=conversation)
    assert site.asked()[-1].count("“Room 401”") == 1
    assert f"Question: {DOOR}\nAnswer: The room is 407." in site.asked()[-1]
    assert done["doubt"] == "unsure"
    assert site.reader.log == ["find", "line 0"]


def test_clients_of_v1_get_the_models_own_answer() -> None:
    """Their prompts are theirs: nothing is read, added or doubted."""
    site = Site()
    message = {
        "role": "user",
        "content": [{"type": "image_url", "image_url": {"url": data_uri(picture())}}, {"type": "text", "text": DOOR}],
    }
    with running(site.parts) as web:
        reply = send_json(web.port, "/v1/chat/completions", {"model": "stand-in", "messages": [message]})
    assert reply.json["choices"][0]["message"]["content"] == "The room is 407."
    assert (site.asked(), site.reader.log) == ([DOOR], [])
