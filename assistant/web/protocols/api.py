"""The routes under `/api/`, and `/healthz`. The page uses them, and other programs may as well.

It does not know how an answer is made (`answer`) or who may ask (`app`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assistant import __version__
from assistant.answering.visibility import framing_of
from assistant.language.phrases import Command
from assistant.web.access import SESSION_COOKIE, Client
from assistant.web.answers.answer import NO_SPEECH_MODEL, Answer, Asked, Spoken
from assistant.web.answers.conversations import Conversation
from assistant.web.answers.errors import ApiError, invalid, missing
from assistant.web.answers.pictures import jpeg, picture_frame
from assistant.web.answers.recordings import check_recording, temporary_wav
from assistant.web.answers.status_board import BY_VOICE
from assistant.web.protocols.ask_request import AskRequest, PictureRequest, json_object, parse_ask, parse_read
from assistant.web.protocols.event_text import events_of_reading, result_of_reading, server_sent

if TYPE_CHECKING:
    from flask import Blueprint, Request, Response

    from assistant.web.journal import JournalAccess
    from assistant.web.services import Services

_CAMERA_SECONDS = 3.0


def api_routes(services: Services) -> Blueprint:
    from flask import Blueprint, Response, jsonify, request

    api = Blueprint("api", __name__)

    @api.get("/healthz")
    def healthz() -> Response:
        return jsonify(ok=True)

    @api.get("/api/status")
    def status() -> Response:
        return jsonify(_status(services, client_of(request, services)))

    @api.get("/api/round")
    def round_now() -> Response:
        shown = services.board.round_now()
        if shown is None:
            raise ApiError(
                404, "no_round", "no inspection round runs here: start one with seesay round FILE --with-page"
            )
        return jsonify(asdict(shown))

    @api.get("/api/frame.jpg")
    def frame() -> Response:
        keep = request.args.getlist("keep")
        if keep not in ([], ["1"]):
            raise invalid("keep", "keep must be 1, which keeps the picture for questions")
        seen, fault = services.camera_picture(_CAMERA_SECONDS)
        response = Response(jpeg(seen), mimetype="image/jpeg")
        if keep:
            response.headers["SeeSay-Conversation"] = services.conversations.new(seen, fault).id
        return response

    @api.get("/api/speech/<name>.wav")
    def speech(name: str) -> Response:
        sound = services.speech.sound(name)
        if sound is None:
            raise ApiError(404, "no_such_speech", "there is no such sound, or no longer: it is kept for some minutes")
        return Response(sound, mimetype="audio/wav")

    @api.post("/api/ask")
    def ask() -> Response:
        wanted = parse_ask(request, services.settings.max_question_characters)
        answer = _begin(services, wanted, request)
        return event_stream(answer, (server_sent(event) for event in answer.events))

    @api.post("/api/read")
    def read() -> Response:
        wanted = parse_read(request)
        # The shortest of the words that mean it, because the status shows the last question.
        question = min(services.phrases.commands[Command.READ_TEXT], key=len)
        asked = Asked(question, reads=True, speak=wanted.speak)
        client = client_of(request, services)
        answer = services.answer(client_gone(request.environ), lambda: (asked, _picture(services, wanted)), client)
        if wanted.stream:
            return event_stream(answer, events_of_reading(answer.events))
        try:
            return jsonify(result_of_reading(answer.events))
        finally:
            answer.close()

    @api.post("/api/stop")
    def stop() -> Response:
        body = json_object(request)
        id = body.get("conversation")
        if id is None:
            raise missing("conversation", "conversation is missing: send the one that `accepted` told")
        if not isinstance(id, str) or len(body) > 1:
            raise invalid("conversation", "send conversation, a text, and nothing else")
        _conversation(services, id).stop()
        return jsonify(stopped=True)

    return api


def event_stream(answer: Answer, lines: Iterator[str]) -> Response:
    """A response that sends each line as soon as it is made.

    When the connection ends, for any reason, the answer ends.
    """
    from flask import Response

    response = Response(lines, mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"  # else nginx would collect the lines
    response.call_on_close(answer.close)
    return response


def client_gone(environ: dict[str, Any]) -> Callable[[], bool]:
    """A function that returns True once the client has closed the connection. Only waitress offers it."""
    gone: Callable[[], bool] = environ.get("waitress.client_disconnected", lambda: False)
    return gone


def client_of(request: Request, services: Services) -> Client:
    """Who sent the request, by its session or else by its address."""
    cookie = request.cookies.get(SESSION_COOKIE, "")
    session = "" if services.tokens is None else services.tokens.session_number(cookie)
    return Client(request.remote_addr or "", session)


def _begin(services: Services, wanted: AskRequest, request: Request) -> Answer:
    if wanted.audio is not None:
        _check_recording(services, wanted.audio)

    def ready() -> tuple[Asked, Conversation]:
        question = wanted.question.strip() if wanted.question is not None else Spoken(wanted.audio or b"")
        asked = Asked(question, speak=wanted.speak, max_new_tokens=wanted.max_tokens)
        return asked, _picture(services, wanted)

    return services.answer(client_gone(request.environ), ready, client_of(request, services))


def _picture(services: Services, wanted: PictureRequest) -> Conversation:
    if wanted.conversation is not None:
        return _conversation(services, wanted.conversation)
    if wanted.image is not None:
        frame = picture_frame(wanted.image, services.settings.max_pixels)
        judged = framing_of(frame)
        return services.conversations.new(frame, None if judged is None else judged.fault)
    return services.conversations.new(*services.camera_picture(_CAMERA_SECONDS))


def _conversation(services: Services, id: str) -> Conversation:
    found = services.conversations.find(id)
    if found is None:
        raise ApiError(
            404,
            "no_such_conversation",
            "there is no such conversation, or no longer: send the picture again",
            parameter="conversation",
        )
    return found


def _check_recording(services: Services, wav: bytes) -> None:
    if not services.can_hear:
        raise ApiError(503, "no_speech_model", NO_SPEECH_MODEL, parameter="audio")
    with temporary_wav(wav) as path:
        check_recording(path, "audio")


def _status(services: Services, client: Client) -> dict[str, Any]:
    queue, machine = services.queue.status, services.machine()
    posted = services.board.newest(lambda asker: _is_shown(asker, client, services.settings.shows_all_last))
    engine, who = services.engine, services.engine.answerer
    return {
        "state": services.board.state(at_work=queue.length > 0),
        "last_question": posted.last_question,
        "last_answer": posted.last_answer,
        "model": who.model_name,
        "is_demo": who.is_demo,
        "pictures_go_to": engine.pictures_go_to,
        "engine_away": engine.away_host,
        "journal": _journal(services.journal.access),
        "has_round": services.board.round_now() is not None,
        "language": services.settings.language,
        "has_camera": services.take is not None,
        "camera_pixels": machine.camera_pixels,
        "queue": asdict(queue),
        "power_watts": machine.power_watts,
        "temperature_celsius": machine.temperature_celsius,
        "memory_bytes": machine.memory_bytes,
        "look_again_seconds": round(services.looks.pause_seconds(client.address), 1),
        "version": __version__,
    }


def _is_shown(asker: str, client: Client, shows_all: bool) -> bool:
    """True if this client may read the last question of that asker. What was asked by voice stays on this machine."""
    if asker == BY_VOICE:
        return client.is_on_this_machine
    return shows_all or asker == client.asker


def _journal(access: JournalAccess | None) -> dict[str, Any] | None:
    if access is None:
        return None
    return {"pictures": access.keeps_pictures, "records_go_to": list(access.records_go_to)}
