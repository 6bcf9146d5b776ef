"""Begins the answer to a chat of a program: what the protocols of OpenAI and of Ollama have in common.

These protocols keep no conversation: every request brings all of it, the picture included. A picture that was sent
before is recognised by its bytes, so that the engine does not look at it a second time. It does not know how a request
or an answer is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.web.answers.answer import Answer, Asked
from assistant.web.answers.conversations import Conversation
from assistant.web.answers.errors import ApiError
from assistant.web.answers.events import Done, Failed, Text
from assistant.web.answers.pictures import picture_frame

if TYPE_CHECKING:
    from assistant.web.access import Client
    from assistant.web.protocols.chat_request import ChatRequest
    from assistant.web.services import Services

_NO_PICTURE = "none"  # in place of a picture's digest


def check_model(services: Services, name: str) -> None:
    """Raises ApiError 404 if no model here has this name."""
    if name not in services.model_names:
        raise ApiError(
            404,
            "model_not_found",
            f"there is no model {name[:60]!r} here: the one is {services.engine.model_name!r}",
            parameter="model",
        )


def begin_chat(services: Services, wanted: ChatRequest, gone: Callable[[], bool], client: Client) -> Answer:
    """The answer, with a place in the queue for the client. Raises ApiError."""
    check_model(services, wanted.model)
    asked = Asked(wanted.question, plain=True, max_new_tokens=wanted.max_tokens, stop=wanted.stop, before=wanted.before)
    return services.answer(gone, lambda: (asked, _about(services, wanted.picture)), client)


def whole(answer: Answer) -> tuple[list[Text], Done]:
    """All pieces of the answer and its end. Closes it. Raises ApiError when it failed."""
    pieces: list[Text] = []
    try:
        for event in answer.events:
            match event:
                case Text():
                    pieces.append(event)
                case Failed(error):
                    raise error
                case Done():
                    return pieces, event
    finally:
        answer.close()
    raise AssertionError("an answer ends with Done or Failed")


def text_of(pieces: list[Text]) -> str:
    return "".join(piece.text for piece in pieces).strip()


def answer_tokens(done: Done) -> int:
    stats = done.turn.moments.answer
    return stats.answer_tokens if stats else 0


def _about(services: Services, picture: bytes | None) -> Conversation:
    """The conversation about this picture. Two clients that send the same picture share its view, one after the other.

    Neither gets anything of the other's words: a view is wound back unless it remembers exactly what the request says.
    """
    if picture is None:
        if services.engine.answerer.is_demo:
            raise ApiError(
                400,
                "missing_picture",
                "no message has a picture, and the demo model knows nothing else: send an image_url with a data URI",
                parameter="messages",
            )
        return services.conversations.shared(_NO_PICTURE, None)
    digest = hashlib.sha256(picture).hexdigest()
    found = services.conversations.find_shared(digest)
    if found is not None:
        return found
    frame = picture_frame(picture, services.settings.max_pixels, "messages")
    return services.conversations.shared(digest, frame)
