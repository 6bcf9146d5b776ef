"""The routes under `/v1/audio/`: programs made for OpenAI's API hear and speak with this machine's ears and voice.

It does not know how words are heard (`sounds`) or who may ask (`app`).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.web.answers.errors import ApiError, invalid, missing
from assistant.web.answers.pictures import check_kind
from assistant.web.answers.sounds import LONGEST_TEXT
from assistant.web.answers.speech import wav_bytes
from assistant.web.protocols.api import client_gone
from assistant.web.protocols.ask_request import json_object

if TYPE_CHECKING:
    from flask import Blueprint, Request, Response

    from assistant.web.services import Services
    from audio.pcm import AudioChunk

TRANSCRIPT_FORMATS = ("json", "text", "verbose_json")
# Media types. A request that names no format gets MP3, as from OpenAI: programs save it under that name.
SPEECH_FORMATS = {"mp3": "audio/mpeg", "wav": "audio/wav", "flac": "audio/flac", "pcm": "audio/pcm"}
SPEEDS = (0.25, 4.0)
_PCM_RATE_HZ = 24_000  # OpenAI's; bare samples do not tell their rate


def audio_routes(services: Services) -> Blueprint:
    from flask import Blueprint, Response, jsonify, request

    audio = Blueprint("audio", __name__, url_prefix="/v1/audio")

    @audio.post("/transcriptions")
    def transcriptions() -> Response:
        language = services.settings.language
        wav, wanted = _parse_recording(request, language)
        words, seconds = services.sounds.words(wav, client_gone(request.environ))
        if wanted == "text":
            return Response(words + "\n", mimetype="text/plain")
        more = {"task": "transcribe", "language": language, "duration": seconds, "segments": []}
        return jsonify(text=words, **(more if wanted == "verbose_json" else {}))

    @audio.post("/speech")
    def speech() -> Response:
        wanted = _parse_speech(json_object(request))
        chunk = services.sounds.speech(wanted.text, client_gone(request.environ))
        return Response(_encoded(chunk, wanted.format), mimetype=SPEECH_FORMATS[wanted.format])

    return audio


def _parse_recording(request: Request, language: str) -> tuple[bytes, str]:
    """The bytes of the recording, and one of `TRANSCRIPT_FORMATS`. Raises ApiError 400 or 415."""
    if request.mimetype != "multipart/form-data":
        raise ApiError(415, "wrong_type", "the body must be multipart/form-data")
    form = request.form
    file = request.files.get("file")
    if file is None:
        raise missing("file", "file is missing: send a WAV recording as a file")
    check_kind(file.mimetype, "audio", "file")
    wanted = form.get("response_format", "json")
    if wanted not in TRANSCRIPT_FORMATS:
        raise _unsupported("response_format", f"response_format must be one of {', '.join(TRANSCRIPT_FORMATS)}")
    if form.get("stream", "false").lower() not in ("false", "0", ""):
        raise _unsupported("stream", "stream is not supported here: the words come when all are heard")
    spoken = form.get("language", "").strip().lower()
    if spoken and spoken.partition("-")[0] != language:
        raise _unsupported("language", f"this machine hears {language!r} and no other language: leave language out")
    return file.read(), wanted


@dataclass(frozen=True)
class _Wanted:
    text: str
    format: str


def _parse_speech(body: dict[str, Any]) -> _Wanted:
    """Raises ApiError 400. Model, voice, speed and instructions have no effect: the voice is the machine's own."""
    text = body.get("input")
    if not isinstance(text, str) or not text.strip():
        raise missing("input", "input is missing: send the text to speak")
    if len(text) > LONGEST_TEXT:
        raise invalid("input", f"input has {len(text):,} characters, {LONGEST_TEXT:,} are the most: send it in parts")
    wanted = body.get("response_format")
    wanted = "mp3" if wanted is None else wanted
    if not isinstance(wanted, str) or wanted not in SPEECH_FORMATS:
        raise _unsupported("response_format", f"response_format must be one of {', '.join(SPEECH_FORMATS)}")
    if body.get("stream_format") not in (None, "audio"):
        raise _unsupported("stream_format", "stream_format must be audio: the sound comes in one piece")
    speed = body.get("speed")
    if speed is not None and (type(speed) not in (int, float) or not SPEEDS[0] <= speed <= SPEEDS[1]):
        raise invalid("speed", f"speed must be a number from {SPEEDS[0]:g} to {SPEEDS[1]:g}")
    return _Wanted(text, wanted)


def _encoded(chunk: AudioChunk, wanted: str) -> bytes:
    """The sound in one of `SPEECH_FORMATS`. PCM is 16 bits, little-endian, mono, 24 kHz."""
    if wanted == "wav":
        return wav_bytes(chunk)
    if wanted == "pcm":
        from audio.pcm import resample

        return resample(chunk.samples, chunk.sample_rate_hz, _PCM_RATE_HZ).astype("<i2").tobytes()
    import soundfile

    file = io.BytesIO()
    try:
        soundfile.write(file, chunk.samples, chunk.sample_rate_hz, format=wanted.upper())
    except (ValueError, soundfile.LibsndfileError):  # a libsndfile of the system that was built without it
        raise _unsupported("response_format", f"this machine cannot write {wanted}: ask for wav") from None
    return file.getvalue()


def _unsupported(parameter: str, message: str) -> ApiError:
    return ApiError(400, "unsupported_parameter", message, parameter=parameter)
