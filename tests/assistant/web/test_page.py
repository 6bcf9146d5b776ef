"""The page in a real Chromium: a question asked, its answer, what goes wrong, and the status."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.assistant.web.conftest import OpenPage
from tests.assistant.web.page_help import UPLOAD, ask, note_sounds, until, upload
from tests.assistant.web.page_server import HOLD, PageServer, Refusal, accepted, done, failed, picture, sentence, text

# What is asked, and what comes back


def test_an_answer_appears_as_it_is_made_and_a_follow_up_is_about_the_same_picture(
    open_page: OpenPage, page_server: PageServer
) -> None:
    """An uploaded picture is sent once, the text grows, and the next question names the conversation instead."""
    page = open_page()
    upload(page)
    page_server.replies.append(
        [accepted(), ("seeing", {}), text("A red"), HOLD, text(" circle."), done("A red circle.")]
    )

    ask(page, "What is this?")
    expect(page.locator(".answer")).to_have_text("A red")
    expect(page.locator("#question")).to_have_value("")
    page_server.go_on.set()
    expect(page.locator(".answer")).to_have_text("A red circle.")
    expect(page.locator(".after")).to_contain_text("3 tokens")

    page_server.replies.append([accepted(), text("Red."), done("Red.")])
    ask(page, "Which colour?")
    expect(page.locator(".now .answer")).to_have_text("Red.")
    expect(page.locator(".earlier li")).to_have_count(1)
    expect(page.locator(".earlier .answer")).to_have_text("A red circle.")
    first, second = page_server.asked
    assert (first.question, first.image, first.conversation) == ("What is this?", UPLOAD["buffer"], None)
    assert (second.question, second.image, second.conversation) == ("Which colour?", None, "c1")


def test_a_new_picture_begins_a_new_conversation(open_page: OpenPage, page_server: PageServer) -> None:
    """After another upload the question brings the new picture and no conversation."""
    page = open_page()
    upload(page)
    ask(page, "One?")
    expect(page.locator(".now .after")).to_be_visible()
    other = picture("other", form="PNG")

    page.locator("#file").set_input_files({"name": "other.png", "mimeType": "image/png", "buffer": other})
    expect(page.locator(".caption")).to_have_text("other.png")
    ask(page, "Two?")
    expect(page.locator(".earlier li")).to_have_count(1)

    assert (page_server.asked[-1].image, page_server.asked[-1].conversation) == (other, None)


def test_a_forgotten_conversation_is_begun_again_with_its_picture(open_page: OpenPage, page_server: PageServer) -> None:
    """A server that has dropped the picture says 404; the page sends it again, and says what the answer lacks."""
    page = open_page()
    upload(page)
    ask(page, "One?")
    expect(page.locator(".now .after")).to_be_visible()
    page_server.replies.append(Refusal(404, "no_such_conversation", "there is no such conversation"))
    page_server.replies.append([accepted(conversation="c2"), done("Two.")])

    ask(page, "Two?")

    expect(page.locator(".now .answer")).to_have_text("Two.")
    expect(page.locator(".alert")).to_have_count(0)
    assert [asked.conversation for asked in page_server.asked] == [None, "c1", None]
    assert page_server.asked[-1].image == UPLOAD["buffer"]
    lost = "SeeSay no longer has what was said before about this picture. It answers this question without that."
    expect(page.locator(".now .note")).to_have_text(lost)
    expect(page.locator("#announcer")).to_contain_text(lost)

    page_server.replies.append([accepted(conversation="c2"), done("Three.")])
    ask(page, "Three?")
    expect(page.locator(".now .answer")).to_have_text("Three.")
    expect(page.locator(".now .note")).to_have_count(0)


def test_nothing_is_called_lost_where_nothing_was_answered(open_page: OpenPage, page_server: PageServer) -> None:
    """If the server forgets a picture whose only question failed, the next question lacks nothing."""
    page = open_page()
    upload(page)
    page_server.replies.append([accepted(), failed("failed", "this machine could not answer")])
    ask(page, "One?")
    expect(page.locator(".alert")).to_be_visible()
    page_server.replies.append(Refusal(404, "no_such_conversation", "there is no such conversation"))
    page_server.replies.append([accepted(conversation="c2"), done("Two.")])
    ask(page, "Two?")
    expect(page.locator(".now .answer")).to_have_text("Two.")
    expect(page.locator(".now .note")).to_have_count(0)


def test_sentences_are_read_aloud_one_after_the_other_and_again_when_asked(
    open_page: OpenPage, page_server: PageServer
) -> None:
    """Each sound is played to its end before the next begins."""
    page = open_page()
    note_sounds(page)
    upload(page)
    page_server.replies.append(
        [accepted(), sentence("One.", "/api/speech/1.wav"), sentence("Two.", "/api/speech/2.wav"), done("One. Two.")]
    )

    ask(page, "What is this?")

    until(page, "played.length == 2")
    assert page.evaluate("played") == [1, 2]  # in tenths of a second
    expect(page.locator("#stop")).to_have_attribute("aria-disabled", "true")
    page.get_by_role("button", name="Read aloud again").click()
    until(page, "played.length == 4")
    assert page.evaluate("played") == [1, 2, 1, 2]
    assert page_server.asked[0].speak
    # Both sounds are fetched at once, in any order, and kept, because the server soon forgets them.
    assert sorted(page_server.spoken) == ["1", "2"]


def test_without_reading_aloud_no_sound_is_asked_for_and_the_choice_is_kept(
    open_page: OpenPage, page_server: PageServer
) -> None:
    """Users of a screen reader hear one voice only, and the choice holds after the page is loaded again."""
    page = open_page()
    page.get_by_label("Read answers aloud").uncheck()
    page.reload()
    upload(page)
    page_server.replies.append([accepted(), sentence("One.", "/api/speech/1.wav"), done("One.")])

    ask(page, "What is this?")

    expect(page.locator(".now .answer")).to_have_text("One.")
    assert not page_server.asked[0].speak
    assert page_server.spoken == []


def test_stop_ends_the_answer_here_and_on_the_server(open_page: OpenPage, page_server: PageServer) -> None:
    """The server is told, and the connection is closed."""
    page = open_page()
    upload(page)
    page_server.replies.append([accepted(), text("A long"), HOLD, text(" story."), done("A long story.")])
    ask(page, "Tell me all.")
    expect(page.locator(".answer")).to_have_text("A long")

    page.get_by_role("button", name="Stop").click()

    expect(page.locator(".state")).to_have_text("Stopped.")
    expect(page.locator("#announcer")).to_contain_text("Stopped.")
    assert page_server.left.wait(5)
    # waited for, because it is a separate request and may come later than the end of the connection
    until(page, lambda: page_server.stopped)
    assert page_server.stopped == ["c1"]
    expect(page.locator(".answer")).to_have_text("A long")
    expect(page.locator(".alert")).to_have_count(0)


def test_a_question_during_an_answer_ends_that_answer(open_page: OpenPage, page_server: PageServer) -> None:
    """The older question is marked as stopped, and the newer one is answered."""
    page = open_page()
    upload(page)
    page_server.replies.append([accepted(), text("A long"), HOLD, done("A long story.")])
    ask(page, "Tell me all.")
    expect(page.locator(".answer")).to_have_text("A long")
    page_server.replies.append([accepted(), done("Yes.")])

    ask(page, "Is it red?")

    expect(page.locator(".now .answer")).to_have_text("Yes.")
    expect(page.locator(".earlier .state")).to_have_text("Stopped.")
    assert page_server.left.wait(5)


def test_who_waits_in_the_queue_is_told_how_many_are_before(open_page: OpenPage, page_server: PageServer) -> None:
    """The number is shown and announced."""
    page = open_page()
    upload(page)
    page_server.replies.append([accepted(2), HOLD, ("seeing", {}), done("Yes.")])

    ask(page, "Is it red?")

    expect(page.locator(".state")).to_have_text("Waiting: 2 before you.")
    expect(page.locator("#announcer")).to_have_text("Waiting: 2 before you.")


def test_a_bad_picture_is_answered_with_advice(open_page: OpenPage, page_server: PageServer) -> None:
    """The fault that the server sees stands above the answer and is announced."""
    page = open_page()
    upload(page)
    page_server.replies.append([accepted(), ("seeing", {"advice": "It is too dark."}), text("A"), done("A circle.")])

    ask(page, "What is this?")

    expect(page.locator(".now .note")).to_have_text("It is too dark.")
    expect(page.locator("#announcer")).to_contain_text("It is too dark.")


# What goes wrong


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Refusal(429, "queue_full", "8 questions wait already: ask again in 5 s", "5"), "8 questions wait already: ask again in 5 s."),
        (Refusal(413, "too_large", "the picture has more than 40 megapixels"), "The picture has more than 40 megapixels."),
        ([accepted(), text("A"), failed("failed", "this machine could not answer")], "This machine could not answer."),
        ([accepted(), text("A")], "The connection broke off before the answer was complete. Ask again."),
        ([("accepted", {}), ("nonsense", {}), ("text", {"text": "A"})], "The connection broke off"),
    ],
    ids=["busy", "too large", "fails in the middle", "breaks off", "nonsense"],
)  # fmt: skip
def test_what_goes_wrong_is_said_in_one_sentence(
    open_page: OpenPage, page_server: PageServer, reply: Any, said: str
) -> None:
    """The alert stands beside the question, which can be asked again; the next question removes the alert."""
    page = open_page()
    upload(page)
    page_server.replies.append(reply)

    ask(page, "What is this?")

    alert = page.get_by_role("alert").filter(has_text=said)
    expect(alert).to_be_visible()
    expect(page.locator(".state")).to_have_text("No answer.")
    if isinstance(reply, Refusal):
        expect(page.locator("#question")).to_have_value("What is this?")
    ask(page, "And now?")
    expect(page.locator(".now .answer")).to_have_text("Yes.")
    expect(page.locator(".alert")).to_have_count(0)


def test_a_server_that_cannot_be_reached_is_an_alert_and_comes_back_by_itself(
    open_page: OpenPage, page_server: PageServer
) -> None:
    """The state says so, and the page goes on when the server is there again."""
    page = open_page()
    upload(page)
    page.context.set_offline(True)
    ask(page, "What is this?")

    expect(page.get_by_role("alert").filter(has_text="SeeSay cannot be reached")).to_be_visible()
    expect(page.locator(".chip")).to_contain_text("Not connected")
    page.context.set_offline(False)
    expect(page.locator(".chip")).to_contain_text("Ready")
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".alert")).to_have_count(0)


def test_who_must_log_in_gets_the_way_there(open_page: OpenPage, page_server: PageServer) -> None:
    """A session that has ended is an alert with a link."""
    page = open_page()
    upload(page)
    page_server.replies.append(Refusal(401, "token_wanted", "log in first"))

    ask(page, "What is this?")

    expect(page.get_by_role("alert").get_by_role("link", name="Log in")).to_have_attribute("href", "/login?lang=en")


def test_a_question_without_words_or_without_picture_is_not_sent(open_page: OpenPage, page_server: PageServer) -> None:
    """Each is an alert that says what is missing."""
    page = open_page()
    page.get_by_text("A file", exact=True).click()
    ask(page, "   ")
    expect(page.locator(".alert")).to_contain_text("Type a question first")
    ask(page, "What is this?")
    expect(page.locator(".alert")).to_contain_text("Choose a picture first.")
    assert page_server.asked == []


def test_the_same_alert_again_is_put_in_again(open_page: OpenPage) -> None:
    """A screen reader tells only changes, so a second press without a question would otherwise be silent."""
    page = open_page()
    page.get_by_text("A file", exact=True).click()
    page.evaluate(
        """() => {
          window.told = [];
          const note = (changes) => changes.forEach((c) => c.addedNodes.forEach((node) => told.push(node.textContent)));
          for (const place of document.querySelectorAll("[role=alert]"))
            new MutationObserver(note).observe(place, { childList: true, subtree: true, characterData: true });
        }"""
    )
    for count in (1, 2, 3):
        page.locator("#ask").click()
        until(page, f"told.filter((text) => text.startsWith('Type a question first')).length === {count}")
    for count in (1, 2):
        ask(page, "What is this?")
        until(page, f"told.filter((text) => text.startsWith('Choose a picture first')).length === {count}")
    for count in (1, 2):
        page.locator("#file").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"no picture"})
        until(page, f"told.filter((text) => text.startsWith('a.txt cannot be read')).length === {count}")


def test_the_language_can_be_changed_while_the_server_is_away(open_page: OpenPage) -> None:
    """The words of the other language have already been loaded."""
    page = open_page()
    page.context.set_offline(True)
    page.get_by_role("link", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.get_by_role("button", name="提问", exact=True)).to_be_visible()


def test_a_file_that_is_no_picture_is_named(open_page: OpenPage) -> None:
    """The alert names the file, which is not sent."""
    page = open_page()
    page.get_by_text("A file", exact=True).click()
    page.locator("#file").set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"})
    expect(page.get_by_role("alert").filter(has_text="notes.txt cannot be read as a picture")).to_be_visible()


def test_a_camera_and_a_microphone_that_are_refused_are_explained(open_page: OpenPage) -> None:
    """The browser's refusal becomes an alert beside what was tried."""
    page = open_page(allow=())
    page.get_by_text("My camera", exact=True).click()
    page.get_by_role("button", name="Turn my camera on").click()
    expect(page.locator("#picture-problem")).to_contain_text("The browser did not allow the camera.")
    page.get_by_role("button", name="Ask by voice").click()
    expect(page.locator("#ask-problem")).to_contain_text("The browser did not allow the microphone.")
    expect(page.get_by_role("button", name="Ask by voice")).to_be_visible()


# Status


def test_the_status_is_live(open_page: OpenPage, page_server: PageServer) -> None:
    """The page shows the voice's state within a second or two, and shows no figure that is not measured."""
    page = open_page()
    facts = page.locator(".facts")
    expect(page.locator(".chip")).to_contain_text("Ready")
    expect(facts).to_contain_text("8.4 W")
    expect(facts).to_contain_text("3.6 GB")
    expect(facts).to_contain_text("1920 × 1080 pixels")
    page_server.status |= {
        "state": "speaking",
        "last_question": "Is it open?",
        "last_answer": "Yes.",
        "power_watts": None,
    }
    expect(page.locator(".chip")).to_contain_text("Speaking")
    expect(facts).to_contain_text("Is it open?")
    expect(facts).not_to_contain_text("8.4 W")
    expect(facts.get_by_text("Power")).to_have_count(0)


def test_who_asks_is_told_that_pictures_leave_the_machine(open_page: OpenPage, page_server: PageServer) -> None:
    """The name of the other computer stands beside the picture; if pictures stay here, nothing is said."""
    page = open_page()
    expect(page.locator("#leaving")).to_have_count(0)
    page_server.status["pictures_go_to"] = "192.168.1.20"
    expect(page.locator("#leaving")).to_have_text(
        "Pictures leave this machine: each one that you ask about goes to the computer 192.168.1.20."
    )


def test_who_listens_is_told_when_another_model_answers(open_page: OpenPage, page_server: PageServer) -> None:
    """It is announced once when the other computer goes, with what that means, and once when it is back."""
    page = open_page()
    announcer = page.locator("#announcer")
    page_server.status |= {"engine_away": "192.168.1.20", "is_demo": True, "model": "demo_model"}
    away = "The other computer (192.168.1.20) is away."
    expect(page.locator("section", has=page.locator("#status-heading"))).to_contain_text(away)
    expect(announcer.locator("p")).to_have_text([away, re.compile("Demo model")])
    page_server.status |= {"engine_away": None, "is_demo": False}
    back = "The other computer (192.168.1.20) is back and answers again."
    expect(announcer.locator("p")).to_have_text([away, re.compile("Demo model"), back])


def test_a_session_that_has_ended_is_told_once(open_page: OpenPage) -> None:
    """The alert says where to log in, and stays closed once it was closed, however often the status is read."""
    page = open_page()
    page.route(
        "**/api/status",
        lambda route: route.fulfill(status=401, json={"error": {"code": "token_wanted", "message": "no"}}),
    )
    expect(page.get_by_role("alert").get_by_role("link", name="Log in")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    with page.expect_response("**/api/status"):
        pass
    with page.expect_response("**/api/status"):
        pass
    expect(page.locator(".alert")).to_have_count(0)
    page.unroute_all()


def test_a_server_that_wants_fewer_requests_is_not_lost(open_page: OpenPage, page_server: PageServer) -> None:
    """A status that is refused with 429 changes nothing on the page, which asks again when it may."""
    page = open_page()
    expect(page.locator(".chip")).to_contain_text("Ready")
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        error = {"code": "too_many_requests", "message": "too many requests in a minute"}
        route.fulfill(status=429, headers={"Retry-After": "3"}, json={"error": error})

    page.route("**/api/status", refuse)
    until(page, lambda: asked)
    page.wait_for_timeout(1500)
    assert len(asked) == 1
    expect(page.locator(".chip")).to_contain_text("Ready")
    expect(page.locator("#announcer")).to_have_text("")
    page.unroute_all()
    page_server.status["state"] = "speaking"
    expect(page.locator(".chip")).to_contain_text("Speaking")


def test_the_page_pauses_as_long_as_the_server_says(open_page: OpenPage, page_server: PageServer) -> None:
    """With many pages open the server tells each to look less often."""
    page_server.status["look_again_seconds"] = 30
    page = open_page()
    expect(page.locator(".chip")).to_contain_text("Ready")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert asked == []


def test_a_page_that_nobody_looks_at_asks_for_nothing(open_page: OpenPage, page_server: PageServer) -> None:
    """A hidden tab sends no requests, so that the box can rest, and is up to date when it is visible again."""
    page = open_page()
    show = "state => { Object.defineProperty(document, 'visibilityState', { value: state, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(show, "hidden")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1300)
    assert asked == []
    page_server.status["state"] = "speaking"
    page.evaluate(show, "visible")
    expect(page.locator(".chip")).to_contain_text("Speaking")
