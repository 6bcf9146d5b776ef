"""The Flask application: it checks who may send a request, sets the headers of every answer, and writes errors as JSON.

It does not know how questions are answered (`answer`) or how bytes come and go (`server`).
"""

from __future__ import annotations

import io
import logging
import math
from typing import IO, TYPE_CHECKING, Any

from assistant.web import page
from assistant.web.access import (
    LOGIN_PATH,
    LOGOUT_PATH,
    SESSION_COOKIE,
    RateLimit,
    Tokens,
    bearer_token,
    host_is_ours,
    origin_is_ours,
)
from assistant.web.answers.errors import ApiError, error_body
from assistant.web.journal_routes import PAGE_PATH, journal_routes
from assistant.web.openapi import description
from assistant.web.pages import page_routes
from assistant.web.protocols.api import api_routes
from assistant.web.protocols.audio_routes import audio_routes
from assistant.web.protocols.ollama import PATHS as OLLAMA_PATHS
from assistant.web.protocols.ollama import ollama_routes
from assistant.web.protocols.responses import responses_routes
from assistant.web.protocols.v1 import v1_routes

if TYPE_CHECKING:
    from flask import Flask, Request, Response
    from werkzeug.exceptions import HTTPException

    from assistant.web.services import Services

_log = logging.getLogger(__name__)

# The page loads nothing from other servers. A script that somebody smuggled in could send nothing to another server.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",  # a page of another site may not show the camera's picture
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
}
_OPEN_PATHS = ("/healthz", LOGIN_PATH, LOGOUT_PATH)  # need no token; neither does /static/, which holds public code
_CODES = {
    400: ("bad_request", "the request cannot be read"),
    404: ("not_found", "there is nothing here: see /openapi.json"),
    405: ("method_not_allowed", "this address is not used in that way: see /openapi.json"),
    408: ("too_slow", "the request did not arrive in time: send it again"),
    413: ("too_large", "the body is larger than the limit"),
    414: ("too_large", "the address is longer than the limit"),
    415: ("wrong_type", "the body is of a type that is not read here"),
}


def create_app(services: Services) -> Flask:
    """The application over `services`, with all routes."""
    from flask import Flask, Request, jsonify, redirect, request, url_for
    from werkzeug.exceptions import HTTPException

    class InMemory(Request):
        def _get_file_stream(self, *args: Any, **named: Any) -> IO[bytes]:
            """Keeps the files of a form in memory, so that none is written to a disk.

            The limit of the body limits them.
            """
            return io.BytesIO()

    settings = services.settings
    app = Flask("assistant.web", static_folder=str(page.STATIC), template_folder=str(page.TEMPLATES))
    app.request_class = InMemory
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = settings.max_body_bytes  # of a form's text fields: one may be a data URI
    app.config["MAX_FORM_PARTS"] = 20
    app.config["TRUSTED_HOSTS"] = None  # `_check_host` does this and answers in JSON
    app.url_map.merge_slashes = False  # else Flask would answer with a redirection, which is not JSON
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of the default provider
    tokens = services.tokens
    work = RateLimit(settings.requests_per_minute)

    @app.before_request
    def check_access() -> Any:
        _check_host(request, settings.names)
        _check_origin(request)
        _check_rate(request, work, services.looks)
        if tokens is not None and not _has_token(request, tokens):
            if request.path in ("/", PAGE_PATH) and request.method == "GET":
                after = None if request.path == "/" else request.full_path.rstrip("?")
                return redirect(url_for("pages.login", lang=request.args.get("lang"), next=after), 303)
            raise ApiError(
                401,
                "token_wanted",
                "this server wants its token: send Authorization: Bearer TOKEN, or log in at /login",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return None

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(_HEADERS)
        if not request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"  # no cache may keep pictures and answers
        return response

    @app.errorhandler(ApiError)
    def refused(error: ApiError) -> tuple[Response, int, dict[str, str]]:
        if settings.ollama and request.path in OLLAMA_PATHS:
            return jsonify(error=error.message), error.status, error.headers
        body = error_body(error, as_openai=request.path.startswith("/v1/"))
        return jsonify(body), error.status, error.headers

    @app.errorhandler(HTTPException)
    def refused_by_flask(error: HTTPException) -> Any:
        if error.code is None or error.code < 400:
            return error  # a redirect
        return refused(_as_api_error(error))

    @app.errorhandler(Exception)
    def failed(error: Exception) -> tuple[Response, int, dict[str, str]]:
        _log.error("%s %s failed: %s: %s", request.method, request.path, type(error).__name__, error)
        _log.debug("it failed here", exc_info=error)
        return refused(ApiError(500, "internal", "something failed here that should not have: try again"))

    @app.get("/openapi.json")
    def openapi() -> Response:
        return jsonify(description(settings, services.model_names))

    app.register_blueprint(api_routes(services))
    app.register_blueprint(v1_routes(services))
    app.register_blueprint(responses_routes(services))
    app.register_blueprint(audio_routes(services))
    if settings.ollama:
        app.register_blueprint(ollama_routes(services))
    app.register_blueprint(journal_routes(services))
    app.register_blueprint(page_routes(settings, tokens))
    return app


def _check_host(request: Request, names: frozenset[str]) -> None:
    if not host_is_ours(request.headers.get("Host", ""), names):
        raise ApiError(
            403,
            "wrong_host",
            "this server does not go by that name: use its address, or add the name to web.names in config.toml",
        )


def _check_origin(request: Request) -> None:
    """Refuses requests of other sites' pages.

    Browsers send `Origin` with every POST; newer ones send `Sec-Fetch-Site` always.
    """
    origin = request.headers.get("Origin")
    if origin is not None and not origin_is_ours(origin, request.headers.get("Host", "")):
        raise ApiError(403, "wrong_origin", "a page of another site may not use this server")
    site = request.headers.get("Sec-Fetch-Site", "none")
    guarded = request.method == "POST" or request.path.startswith(("/api/", "/v1/"))
    if origin is None and guarded and site not in ("none", "same-origin"):
        raise ApiError(403, "wrong_origin", "a page of another site may not use this server")


def _check_rate(request: Request, work: RateLimit, looks: RateLimit) -> None:
    if request.path == "/healthz" or request.path.startswith("/static/"):
        return
    limit = work if request.method == "POST" and request.path != "/api/stop" else looks
    _refuse_for(limit.seconds_to_wait(request.remote_addr or ""), "requests")


def _has_token(request: Request, tokens: Tokens) -> bool:
    if request.path in _OPEN_PATHS or request.path.startswith("/static/"):
        return True
    if tokens.is_session(request.cookies.get(SESSION_COOKIE, "")):
        return True
    token = bearer_token(request.headers.get("Authorization", ""))
    if token is None:
        return False
    is_right, seconds = tokens.try_token(request.remote_addr or "", token)
    _refuse_for(seconds, "wrong tokens")
    return is_right


def _refuse_for(seconds: float, what: str) -> None:
    """Raises ApiError 429 unless `seconds` is 0. `what` says what there were too many of."""
    if seconds:
        whole = math.ceil(seconds)
        raise ApiError(
            429,
            "too_many_requests",
            f"too many {what} in a minute: come again in {whole} s",
            headers={"Retry-After": str(whole)},
        )


def _as_api_error(error: HTTPException) -> ApiError:
    status = error.code or 500
    code, message = _CODES.get(status, ("http_error", error.name))
    headers = {"Allow": ", ".join(sorted(error.valid_methods or ()))} if status == 405 else {}  # type: ignore[attr-defined]
    return ApiError(status, code, message, headers=headers)
