"""A second look by HTTP: "are you sure" and long numbers, as by voice; clients of /v1 get the model's own answer."""

from __future__ import annotations

from tests.assistant.answering.judging.test_second_look import Looks
from tests.assistant.web.api.serving import data_uri, events_of, parts_with, picture, running, send_json


def test_are_you_sure_compares_with_the_last_answer_of_the_conversation() -> None:
    """The question is asked again about another view of the picture; before any question the words are a question."""
    engine = Looks("The room is 407.", "The room is 401.")
    with running(parts_with(engine)) as web:

        def ask(question: str, **about: str) -> tuple[str, dict[str, str]]:
            events = events_of(send_json(web.port, "/api/ask", {"question": question, **about}).body)
            return events[0][1]["conversation"], events[-1][1]

        conversation, _ = ask("what number is on the door", image=data_uri(picture()))
        _, done = ask("are you sure?", conversation=conversation)
        assert (done["answer"], done["doubt"]) == ("I read 407, and looking again 401.", "unsure")
        assert [view.asked for view in engine.views] == [["what number is on the door"]] * 2
        ask("are you sure?", image=data_uri(picture()))
        assert engine.views[-1].asked == ["are you sure?"]


def test_a_long_number_is_looked_at_again() -> None:
    """The words of the second look are text and sentences like those of the answer."""
    engine = Looks("It is 11111111.", "It is 1111111.")
    with running(parts_with(engine)) as web:
        body = {"question": "what is this", "image": data_uri(picture())}
        events = events_of(send_json(web.port, "/api/ask", body).body)
    said = "It is 11111111. I look at that number again. I read 11111111, and looking again 1111111."
    assert (events[-1][1]["answer"], events[-1][1]["doubt"]) == (said, "unsure")
    assert "".join(event["text"] for name, event in events if name == "text").strip() == said


def test_clients_of_v1_are_told_the_models_own_words() -> None:
    """Their answer has one look, whatever it says."""
    engine = Looks("It is 11111111.", "It is 1111111.")
    content = [{"type": "image_url", "image_url": {"url": data_uri(picture())}}, {"type": "text", "text": "what is it"}]
    with running(parts_with(engine)) as web:
        reply = send_json(
            web.port, "/v1/chat/completions", {"model": "stand-in", "messages": [{"role": "user", "content": content}]}
        ).json
    assert reply["choices"][0]["message"]["content"] == "It is 11111111."
    assert len(engine.views) == 1
