"""The description of the API in OpenAPI 3.1, which is served at /openapi.json. It is for programs and for people who
write them.

It promises only what the server does: a test sends hundreds of requests that are generated from it. It answers no
request.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant import __version__
from assistant.inspection.round_shown import ANSWERS, AWAITED, STATES
from assistant.web import page
from assistant.web.answers.sounds import LONGEST_TEXT
from assistant.web.journal import HIGHEST_NUMBER, MEDIA_TYPES, MOST_CHARACTERS, MOST_RECORDS
from assistant.web.protocols.audio_routes import SPEECH_FORMATS, SPEEDS, TRANSCRIPT_FORMATS
from assistant.web.protocols.chat_request import IGNORED_NUMBERS, LONGEST_STOP_STRING, MOST_STOP_STRINGS
from assistant.web.settings import MAX_NEW_TOKENS, WebSettings

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_MAX_TOKENS: Schema = {"type": "integer", "minimum": 1, "maximum": MAX_NEW_TOKENS}
_LOWERED_TOKENS: Schema = {
    "type": ["integer", "null"],
    "minimum": 1,
    "description": f"more than {MAX_NEW_TOKENS} count as {MAX_NEW_TOKENS}",
}
_IMAGE_URI: Schema = {"type": "string", "pattern": "^data:image/", "description": "a data URI, base64"}
_AUDIO_URI: Schema = {
    "type": "string",
    "pattern": "^data:audio/",
    "description": "a data URI of a WAV recording, base64",
}

# The picture of the examples: a red disc on white, 64 × 64 pixels.
_PICTURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAEAAAABAAQMAAACQp+OdAAAABlBMVEX/////AADrWueTAAAAZElEQVR42t2PMQ5AUBBE399I6LiB"
    "q7iZfzRHUip+jGJEQohOYaq3b6ZZ+DSp7NAqAwEdg82o2SAtQJCg8sYJwldQQTpXBzRAvq/eAWpJD5sCrlZYz5Wg2GQWy16Tzcx0+f1P2QBFXhf7BDx+FwAA"
    "AABJRU5ErkJggg=="
)
_MESSAGES = (
    "The question has 2,000 characters at most, together with all system messages. Of earlier questions and answers that the "
    "model does not hold from just now, the newest are put before it, as far as all of it has 2,000."
)
_QUESTION = "what color is the circle"


def description(settings: WebSettings, models: Sequence[str]) -> Schema:
    """The description with this server's limits and model names. The first name is of the model that answers now."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "SeeSay",
            "version": __version__,
            "description": "Questions about pictures, answered on this machine. See docs/api.md.",
        },
        "servers": [{"url": "/"}],
        "paths": {
            "/healthz": {"get": {**_get("Is it there?", _object(ok=_FLAG)), "security": []}},
            "/api/status": {"get": _get("What it is doing", _ref("Status"), *_GUARDED)},
            "/api/round": {"get": _get("How the inspection round stands", _ref("Round"), *_GUARDED, 404)},
            "/api/frame.jpg": {
                "get": {
                    **_media("What the camera sees now", "image/jpeg", *_GUARDED, 400, 404, 503),
                    "parameters": [_query("keep", {"enum": ["1"]})],
                }
            },
            "/api/speech/{name}.wav": {
                "get": {
                    **_media("The sound of a sentence", "audio/wav", *_GUARDED, 404),
                    "parameters": [_path_parameter("name")],
                }
            },
            **_journal(),
            "/api/ask": {"post": _ask(settings)},
            "/api/read": {"post": _read()},
            "/api/stop": {"post": _stop()},
            "/v1/models": {"get": _get("The model", _ref("Models"), *_GUARDED, error="OpenAIError")},
            "/v1/models/{name}": {
                "get": {
                    **_get("Is it that one?", _ref("Model"), *_GUARDED, 404, error="OpenAIError"),
                    "parameters": [_path_parameter("name", "^[A-Za-z0-9][A-Za-z0-9_.:@/ -]*$")],
                }
            },
            "/v1/chat/completions": {"post": _chat(models)},
            "/v1/responses": {"post": _responses(models)},
            "/v1/audio/transcriptions": {"post": _transcription(settings)},
            "/v1/audio/speech": {"post": _speech()},
            **(_ollama(models) if settings.ollama else {}),
        },
        "components": {"schemas": _schemas(), "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        **({"security": [{"token": []}]} if settings.token is not None else {}),
    }


_EVENTS = ("accepted", "queued", "heard", "seeing", "found", "line", "text", "sentence", "done", "error")
_READ_EVENTS = ("accepted", "queued", "seeing", "found", "line", "sentence", "end", "error")
_GUARDED = (401, 403, 429)
_BODY = (*_GUARDED, 400, 408, 413, 415, 507)
_SENTENCES = {
    400: "the request cannot be meant",
    401: "the token is missing or wrong",
    403: "another site's page, or a name that is not this server's",
    404: "it is not here, or no longer",
    408: "the request did not arrive in time",
    413: "larger than the limit",
    415: "of a type that is not read",
    422: "a picture or recording that cannot be used",
    429: "too many requests, or the queue is full: see Retry-After",
    503: "a device or model is away",
    507: "no room for temporary files",
}


def _journal() -> dict[str, Schema]:
    """The journal. Without one every address is answered with 404."""
    moment = {"type": "string", "pattern": r"^([0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?)?)?$"}
    words = {"type": "string", "maxLength": MOST_CHARACTERS}
    choosing = [_query("from", moment), _query("to", moment), _query("round", words)]
    listing = [
        *choosing,
        _query("search", words),
        _query("before", _whole(HIGHEST_NUMBER)),
        _query("limit", _whole(MOST_RECORDS)),
    ]
    number = {"name": "number", "in": "path", "required": True, "schema": _whole(HIGHEST_NUMBER)}
    form = {"name": "form", "in": "path", "required": True, "schema": {"enum": [*MEDIA_TYPES]}}
    lang = _query("lang", {"enum": [*page.LANGUAGES]})
    binary = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
    exported = {
        "description": "the records of those days and that round",
        "content": {media_type: binary if form == "zip" else {} for form, media_type in MEDIA_TYPES.items()},
    }
    away = (*_GUARDED, 404, 503)
    many = _object(records={"type": "array", "items": _ref("Record")}, has_more=_FLAG)
    return {
        "/api/journal": {"get": {**_get("Its records, the newest first", many, *away, 400), "parameters": listing}},
        "/api/journal/rounds": {
            "get": _get("The ids of all rounds", _object(rounds={"type": "array", "items": _TEXT}), *away)
        },
        "/api/journal/export.{form}": {
            "get": {
                "summary": "Some or all records as a file",
                "parameters": [form, *choosing, lang],
                "responses": {"200": exported, **_errors(*away, 400, 507)},
            }
        },
        "/api/journal/{number}": {"get": {**_get("One record", _ref("Record"), *away), "parameters": [number]}},
        "/api/journal/{number}/picture.jpg": {
            "get": {**_media("Its picture", "image/jpeg", *away), "parameters": [number]}
        },
        "/api/journal/{number}/small.jpg": {
            "get": {**_media("Its picture, made smaller", "image/jpeg", *away), "parameters": [number]}
        },
    }


def _query(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "schema": schema}


def _whole(highest: int) -> Schema:
    return {"type": "integer", "minimum": 1, "maximum": highest}


def _ask(settings: WebSettings) -> Schema:
    question = {**_TEXT, "minLength": 1, "maxLength": settings.max_question_characters}
    common = {"question": question, "conversation": _TEXT}
    binary: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}
    yes_no = {"type": "string", "enum": ["0", "1"]}
    form = {
        **common,
        "audio": binary,
        "image": binary,
        "camera": yes_no,
        "speak": yes_no,
        "max_tokens": {"type": "string", "pattern": "^[1-9][0-9]{0,2}$"},
    }
    json = {
        **common,
        "audio": _AUDIO_URI,
        "image": _IMAGE_URI,
        "camera": _FLAG,
        "speak": _FLAG,
        "max_tokens": _MAX_TOKENS,
    }
    return {
        "summary": "Ask about a picture: question or audio, and one of image, camera and conversation",
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": _one_question_one_picture(form, yes="1", no="0")},
                "application/json": {
                    "schema": _one_question_one_picture(json, yes=True, no=False),
                    "examples": {"picture": {"value": {"question": _QUESTION, "image": _PICTURE, "speak": True}}},
                },
            },
        },
        "responses": {
            "200": {
                "description": "accepted, queued, heard, seeing, text, sentence, then done or error; found and line for print",
                "content": {"text/event-stream": {"schema": _event(*_EVENTS)}},
            },
            **_errors(*_BODY, 404, 422, 503),
        },
    }


def _read() -> Schema:
    binary: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}
    yes_no = {"type": "string", "enum": ["0", "1"]}
    form = {"conversation": _TEXT, "image": binary, "camera": yes_no, "speak": yes_no, "stream": yes_no}
    json = {"conversation": _TEXT, "image": _IMAGE_URI, "camera": _FLAG, "speak": _FLAG, "stream": _FLAG}
    examples = {"whole": {"value": {"image": _PICTURE}}, "stream": {"value": {"image": _PICTURE, "stream": True}}}
    return {
        "summary": "Read the print in a picture: one of image, camera and conversation",
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": _one_picture(form, yes="1", no="0")},
                "application/json": {"schema": _one_picture(json, yes=True, no=False), "examples": examples},
            },
        },
        "responses": {
            "200": {
                "description": "the text; with `stream` accepted, queued, seeing, found, line, sentence, then end or error",
                "content": {
                    "application/json": {"schema": _ref("Reading")},
                    "text/event-stream": {"schema": _event(*_READ_EVENTS)},
                },
            },
            **_errors(*_BODY, 404, 422, 503),
        },
    }


def _one_question_one_picture(properties: Schema, *, yes: object, no: object) -> Schema:
    """An object with exactly one question and one picture. `yes` and `no` are the values of `camera` that mean so."""
    about_picture = _one_picture(properties, yes=yes, no=no)
    questions = [{"required": ["question"]}, {"required": ["audio"]}]
    return {**about_picture, "allOf": [{"oneOf": questions}, *about_picture["allOf"]]}


def _one_picture(properties: Schema, *, yes: object, no: object) -> Schema:
    """An object with exactly one picture."""

    def only(key: str, camera: object) -> Schema:
        others = {other: False for other in ("image", "conversation") if other != key}
        return {"required": [key], "properties": {"camera": {"const": camera}, **others}}

    pictures = [only("image", no), only("conversation", no), only("camera", yes)]
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "allOf": [{"oneOf": pictures}],
    }


def _stop() -> Schema:
    body = {**_object(conversation=_TEXT), "additionalProperties": False}
    return {
        "summary": "End the answer of a conversation",
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {**_answer(_object(stopped=_FLAG)), **_errors(*_BODY, 404)},
    }


def _chat(models: Sequence[str]) -> Schema:
    text_part = _object(type={"const": "text"}, text=_TEXT)
    image_part = _object(type={"const": "image_url"}, image_url=_object(url=_IMAGE_URI))
    text = {"type": "array", "minItems": 1, "items": text_part}
    parts = {"type": "array", "minItems": 1, "items": {"anyOf": [text_part, image_part]}}
    message = {
        "anyOf": [
            _object(role={"enum": ["system", "developer", "assistant"]}, content={"anyOf": [_TEXT, text]}),
            _object(role={"const": "user"}, content={"anyOf": [_TEXT, parts]}),
        ]
    }
    stop = {**_TEXT, "maxLength": LONGEST_STOP_STRING}
    numbers = {
        key: {"type": ["number", "null"], "minimum": low, "maximum": high}
        for key, (low, high) in IGNORED_NUMBERS.items()
    }
    properties: Schema = {
        "model": {"type": "string", "enum": [*models]},
        "messages": {"type": "array", "minItems": 1, "items": message, "description": _MESSAGES},
        "stream": {"type": ["boolean", "null"]},
        "stream_options": {"type": ["object", "null"], "properties": {"include_usage": {"type": ["boolean", "null"]}}},
        "max_tokens": _LOWERED_TOKENS,
        "max_completion_tokens": _LOWERED_TOKENS,
        "stop": {"anyOf": [{"type": "null"}, stop, {"type": "array", "items": stop, "maxItems": MOST_STOP_STRINGS}]},
        "n": {"enum": [1, None]},
        "logprobs": {"type": ["boolean", "null"]},
        **numbers,
    }
    schema = {"type": "object", "properties": properties, "required": ["model", "messages"]}
    asked = [{"type": "text", "text": _QUESTION}, {"type": "image_url", "image_url": {"url": _PICTURE}}]
    whole = {"model": models[0], "messages": [{"role": "user", "content": asked}]}
    examples = {"whole": {"value": whole}, "stream": {"value": {**whole, "stream": True}}}
    return {
        "summary": "As OpenAI's: the last message is the question, the newest picture is the one that is looked at",
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema, "examples": examples}}},
        "responses": {
            "200": {
                "description": "the answer, or with `stream` its chunks",
                "content": {
                    "application/json": {"schema": _ref("Completion")},
                    "text/event-stream": {"schema": _event("message")},
                },
            },
            **_errors(*_BODY, 404, 422, 503, schema="OpenAIError"),
        },
    }


def _responses(models: Sequence[str]) -> Schema:
    text_part = _object(type={"enum": ["input_text", "output_text"]}, text=_TEXT)
    image_part = _object(type={"const": "input_image"}, image_url=_IMAGE_URI)
    text = {"type": "array", "minItems": 1, "items": text_part}
    parts = {"type": "array", "minItems": 1, "items": {"anyOf": [text_part, image_part]}}
    message = {
        "anyOf": [
            _object(role={"enum": ["system", "developer", "assistant"]}, content={"anyOf": [_TEXT, text]}),
            _object(role={"const": "user"}, content={"anyOf": [_TEXT, parts]}),
        ]
    }
    messages = {"type": "array", "minItems": 1, "items": message, "description": _MESSAGES}
    properties: Schema = {
        "model": {"type": "string", "enum": [*models]},
        "input": {"anyOf": [{"type": "string", "minLength": 1}, messages]},
        "instructions": {"type": ["string", "null"]},
        "max_output_tokens": _LOWERED_TOKENS,
        "stream": {"type": ["boolean", "null"]},
    }
    schema = {"type": "object", "properties": properties, "required": ["model", "input"]}
    asked = [{"type": "input_text", "text": _QUESTION}, {"type": "input_image", "image_url": _PICTURE}]
    whole = {"model": models[0], "input": [{"role": "user", "content": asked}]}
    examples = {"whole": {"value": whole}, "stream": {"value": {**whole, "stream": True}}}
    answer = _object(
        id=_TEXT,
        object={"const": "response"},
        created_at=_COUNT,
        status={"enum": ["completed", "incomplete"]},
        model=_TEXT,
        output={"type": "array", "minItems": 1},
    )
    return {
        "summary": "As OpenAI's: the last message is the question; nothing is stored",
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema, "examples": examples}}},
        "responses": {
            "200": {
                "description": "the answer, or with `stream` its events",
                "content": {"application/json": {"schema": answer}, "text/event-stream": {}},
            },
            **_errors(*_BODY, 404, 422, 503, schema="OpenAIError"),
        },
    }


def _transcription(settings: WebSettings) -> Schema:
    form = {
        "file": {"type": "string", "contentMediaType": "application/octet-stream"},
        "model": _TEXT,
        "language": {"enum": [settings.language]},
        "prompt": _TEXT,
        "response_format": {"enum": [*TRANSCRIPT_FORMATS]},
    }
    schema = {"type": "object", "properties": form, "required": ["file"]}
    return {
        "summary": "The words of a WAV recording of 60 s at most",
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}},
        "responses": {
            "200": {
                "description": "the words; none where none were heard",
                "content": {"application/json": {"schema": _object(text=_TEXT)}, "text/plain": {"schema": _TEXT}},
            },
            **_errors(*_BODY, 422, 503, schema="OpenAIError"),
        },
    }


def _speech() -> Schema:
    properties: Schema = {
        "input": {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT},
        **{key: {} for key in ("model", "voice", "instructions")},  # any value: they change nothing
        "response_format": {"enum": [*SPEECH_FORMATS, None]},
        "stream_format": {"enum": ["audio", None]},
        "speed": {"type": ["number", "null"], "minimum": SPEEDS[0], "maximum": SPEEDS[1]},
    }
    binary = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
    schema = {"type": "object", "properties": properties, "required": ["input"]}
    return {
        "summary": "A text as sound, in the one voice of this machine",
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {
            "200": {"description": "the sound", "content": dict.fromkeys(SPEECH_FORMATS.values(), binary)},
            **_errors(*_BODY, 503, schema="OpenAIError"),
        },
    }


def _ollama(models: Sequence[str]) -> dict[str, Schema]:
    """Ollama's API. An answer as it comes is a JSON object a line, of the same form as the whole."""
    model: Schema = {"type": "string", "enum": [*models]}
    picture = _PICTURE.partition(",")[2]
    images = {"type": ["array", "null"], "items": {"type": "string", "contentEncoding": "base64"}}
    options = {"type": ["object", "null"], "properties": {"num_predict": {"type": ["integer", "null"]}}}
    common: Schema = {"model": model, "stream": {"type": ["boolean", "null"]}, "options": options}
    text = {"type": ["string", "null"]}
    message = {"role": {"enum": ["system", "user", "assistant"]}, "content": text, "images": images}
    messages = {"type": ["array", "null"], "items": {"type": "object", "properties": message, "required": ["role"]}}
    whole = {"model": models[0], "stream": False}
    question = {"role": "user", "content": _QUESTION, "images": [picture]}
    listed = _object(name=_TEXT, model=_TEXT, modified_at=_TEXT, size=_COUNT, digest=_TEXT)
    return {
        "/api/version": {"get": _get("The version of Ollama's API", _object(version=_TEXT), *_GUARDED, error="Ollama")},
        **{
            path: {
                "get": _get("The model", _object(models={"type": "array", "items": listed}), *_GUARDED, error="Ollama")
            }
            for path in ("/api/tags", "/api/ps")
        },
        "/api/show": {
            "post": _ollama_post(
                "What the model can do", {"model": model}, _object(capabilities={"type": "array"}), None
            )
        },
        "/api/chat": {
            "post": _ollama_post(
                "As Ollama's: the last message is the question",
                {**common, "messages": messages},
                _object(model=_TEXT, created_at=_TEXT, message=_object(role=_TEXT, content=_TEXT), done=_FLAG),
                {**whole, "messages": [question]},
            )
        },
        "/api/generate": {
            "post": _ollama_post(
                "As Ollama's: a question without a conversation",
                {**common, "prompt": text, "system": text, "images": images},
                _object(model=_TEXT, created_at=_TEXT, response=_TEXT, done=_FLAG),
                {**whole, "prompt": _QUESTION, "images": [picture]},
            )
        },
    }


def _ollama_post(summary: str, properties: Schema, answer: Schema, example: object) -> Schema:
    content: Schema = {"schema": {"type": "object", "properties": properties, "required": ["model"]}}
    if example is not None:
        content["examples"] = {"whole": {"value": example}}
    lines = {"application/json": {"schema": answer}, "application/x-ndjson": {}}
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {
            "200": {"description": "the answer, or a line for each piece of it", "content": lines},
            **_errors(*_BODY, 404, 422, 503, schema="Ollama"),
        },
    }


def _schemas() -> Schema:
    or_null = {"type": ["string", "null"]}
    point = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    number_or_null = {"type": ["number", "null"]}
    openai_error = {"code": _TEXT, "message": _TEXT, "type": _TEXT, "param": or_null}
    choice = _object(
        index=_COUNT,
        message=_object(role={"const": "assistant"}, content=_TEXT),
        finish_reason={"enum": ["stop", "length"]},
    )
    return {
        "Error": _object(error=_object(code=_TEXT, message=_TEXT)),
        "Ollama": _object(error=_TEXT),
        "OpenAIError": _object(error=_object(**openai_error)),
        "Status": _object(
            state={"enum": ["idle", "listening", "thinking", "speaking"]},
            last_question=or_null,
            last_answer=or_null,
            model=_TEXT,
            is_demo=_FLAG,
            pictures_go_to=or_null,
            engine_away=or_null,
            journal={
                "anyOf": [
                    {"type": "null"},
                    _object(pictures=_FLAG, records_go_to={"type": "array", "items": _TEXT}),
                ]
            },
            has_round=_FLAG,
            language=_TEXT,
            has_camera=_FLAG,
            camera_pixels={"type": ["array", "null"], "items": _COUNT, "minItems": 2, "maxItems": 2},
            queue=_object(length=_COUNT, limit=_COUNT),
            power_watts=number_or_null,
            temperature_celsius=number_or_null,
            memory_bytes={"type": ["integer", "null"]},
            look_again_seconds={"type": "number", "minimum": 1},
            version=_TEXT,
        ),
        "Round": _object(
            id=_TEXT,
            title=_TEXT,
            language=_TEXT,
            station={"type": ["integer", "null"], "minimum": 1},
            awaits={"enum": [*AWAITED]},
            prompt=_TEXT,
            stations={"type": "array", "items": _ref("Station"), "minItems": 1},
            notes={"type": "array", "items": _object(station=_TEXT, text=_TEXT)},
            has_ended=_FLAG,
        ),
        "Station": _object(
            name=_TEXT,
            state={"enum": [*STATES]},
            is_doubtful=_FLAG,
            answer={"enum": [*ANSWERS]},
            value=_TEXT,
            unit=_TEXT,
            low=number_or_null,
            high=number_or_null,
            right={"type": "array", "items": _TEXT},
            reading=_TEXT,
            reason=_TEXT,
        ),
        "Line": _object(
            text=_TEXT,
            confidence=_SHARE,
            is_doubtful=_FLAG,
            paragraph=_COUNT,
            corners={"type": "array", "items": point, "minItems": 4, "maxItems": 4},
        ),
        "Reading": _object(
            conversation=_TEXT,
            text=_TEXT,
            lines={"type": "array", "items": _ref("Line")},
            rotation={"enum": [0, 90, 180, 270]},
            advice={"type": "array", "items": _object(code=_TEXT, sentence=_TEXT)},
            answer=_TEXT,
            finish={"enum": ["stop", "cancelled"]},
            doubt={"enum": ["plain", "unsure"]},
            timings={"type": "object"},
        ),
        "Record": _object(number=_COUNT, kind=_TEXT, at=_TEXT, chain_sha256=_TEXT, picture=or_null),
        "Model": _object(id=_TEXT, object={"const": "model"}, created=_COUNT, owned_by=_TEXT),
        "Models": _object(object={"const": "list"}, data={"type": "array", "items": _ref("Model")}),
        "Completion": _object(
            id=_TEXT,
            object={"const": "chat.completion"},
            created=_COUNT,
            model=_TEXT,
            choices={"type": "array", "items": choice, "minItems": 1, "maxItems": 1},
            usage=_object(prompt_tokens=_COUNT, completion_tokens=_COUNT, total_tokens=_COUNT),
        ),
    }


def _event(*names: str) -> Schema:
    """One event of a stream. Its `data` is JSON, or "[DONE]" at the end of a /v1 stream."""
    return _object(event={"enum": list(names)}, data=_TEXT)


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _path_parameter(name: str, pattern: str = "^[A-Za-z0-9_-]+$") -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": pattern}}


def _get(summary: str, schema: Schema, *statuses: int, error: str = "Error") -> Schema:
    return {"summary": summary, "responses": {**_answer(schema), **_errors(*statuses, 403, schema=error)}}


def _media(summary: str, media_type: str, *statuses: int) -> Schema:
    binary = {"type": "string", "contentMediaType": media_type}
    answer = {"description": summary, "content": {media_type: {"schema": binary}}}
    return {"summary": summary, "responses": {"200": answer, **_errors(*statuses)}}


def _answer(schema: Schema) -> Schema:
    return {"200": {"description": "it is so", "content": {"application/json": {"schema": schema}}}}


def _errors(*statuses: int, schema: str = "Error") -> Schema:
    content = {"application/json": {"schema": _ref(schema)}}
    return {str(status): {"description": _SENTENCES[status], "content": content} for status in sorted(set(statuses))}
