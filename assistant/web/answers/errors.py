"""The errors of a request: each has an HTTP status, a code for programs, and one clear sentence. It does not know
Flask.

ApiError           any status
└── QueueFull      429, and when to come back
"""

from __future__ import annotations

from collections.abc import Mapping

from vision.errors import one_line


class ApiError(Exception):
    """The request is refused.

    `code` is for programs and never changes; the sentence says what is wrong and what to do.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        parameter: str | None = None,  # the key of the request that is wrong
        headers: Mapping[str, str] | None = None,
    ) -> None:
        message = one_line(message)  # it may quote the request
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.parameter = parameter
        self.headers = dict(headers or {})


class QueueFull(ApiError):
    """All places in the queue are taken. The answer says in how many seconds one should be free."""

    def __init__(self, limit: int, retry_seconds: int, what: str = "questions are being answered") -> None:
        super().__init__(
            429,
            "queue_full",
            f"{limit} {what} or wait already: ask again in {retry_seconds} s",
            headers={"Retry-After": str(retry_seconds)},
        )


def missing(parameter: str, message: str) -> ApiError:
    """The error for a key that the request lacks."""
    return ApiError(400, "missing_parameter", message, parameter=parameter)


def invalid(parameter: str, message: str) -> ApiError:
    """The error for a key whose value is wrong."""
    return ApiError(400, "invalid_parameter", message, parameter=parameter)


def no_room() -> ApiError:
    """The error for a temporary file that cannot be written.

    It names no folder: clients learn nothing of this machine's disk.
    """
    sentence = "this machine has no room left for temporary files: send something smaller, or free its disk (TMPDIR)"
    return ApiError(507, "no_room", sentence)


def error_body(error: ApiError, *, as_openai: bool) -> dict[str, object]:
    """The JSON object of an error. Under /v1 it also has the keys that OpenAI's clients expect."""
    body: dict[str, object] = {"code": error.code, "message": error.message}
    if as_openai:
        body |= {"type": _openai_type(error.status), "param": error.parameter}
    return {"error": body}


def _openai_type(status: int) -> str:
    named = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
    return named.get(status, "server_error" if status >= 500 else "invalid_request_error")
