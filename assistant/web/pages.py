"""The routes `/`, `/login` and `/logout`, which a person opens in a browser. The page is in `page/` and gets everything else from
the API.

It does not know questions and answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from assistant.web import page
from assistant.web.access import SESSION_COOKIE, SESSION_SECONDS, Tokens

if TYPE_CHECKING:
    from flask import Blueprint

    from assistant.web.settings import WebSettings


def page_routes(settings: WebSettings, tokens: Tokens | None) -> Blueprint:
    from flask import Blueprint, make_response, redirect, render_template, request, url_for

    pages = Blueprint("pages", __name__)

    def language() -> str:
        return page.chosen(request.args.get("lang"), settings.language)

    def form(status: int, error: str | None, after: str) -> Any:
        lang = language()
        return (
            render_template("login.html", words=page.words(lang), language=lang, error=error, next=after),
            status,
        )

    @pages.get("/")
    def index() -> str:
        lang = language()
        longest = settings.max_question_characters
        has_session = tokens is not None and tokens.is_session(request.cookies.get(SESSION_COOKIE, ""))
        return render_template(
            "index.html", words=page.words(lang), language=lang, longest_question=longest, has_session=has_session
        )

    @pages.get("/login")
    def login() -> Any:
        wanted = url_for("pages.index", lang=request.args.get("lang"))  # the page has the language of its login
        return form(200, None, _own_path(request.args.get("next", wanted)))

    @pages.post("/login")
    def log_in() -> Any:
        after = _own_path(request.form.get("next", "/"))
        response = make_response(redirect(after, 303))
        if tokens is not None:
            is_right, seconds = tokens.try_token(request.remote_addr or "", request.form.get("token", "").strip())
            if not is_right:
                return form(429, "too_many", after) if seconds else form(401, "wrong", after)
            response.set_cookie(
                SESSION_COOKIE,
                tokens.new_session(),
                max_age=SESSION_SECONDS,
                httponly=True,
                secure=request.is_secure,
                samesite="Strict",
            )
        return response

    @pages.post("/logout")
    def log_out() -> Any:
        if tokens is not None:
            tokens.end_session(request.cookies.get(SESSION_COOKIE, ""))
        response = make_response(redirect(url_for("pages.login", lang=request.args.get("lang")), 303))
        response.delete_cookie(SESSION_COOKIE, httponly=True, secure=request.is_secure, samesite="Strict")
        return response

    return pages


def _own_path(path: str) -> str:
    """`path` when it is a path on this server, else "/". The login leads to it and never to another server."""
    try:
        parts = urlsplit(path)
    except ValueError:  # http://[x
        return "/"
    inside = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return path if inside and path.isprintable() else "/"
