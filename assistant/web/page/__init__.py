"""The page: its templates, style, scripts and words. It does not know HTTP, the engine or Flask.

A server uses it like this:

    app = Flask("assistant.web", static_folder=str(STATIC), template_folder=str(TEMPLATES))  # static_url_path "/static"
    language = chosen(request.args.get("lang"), configured)
    render_template("index.html", words=words(language), language=language, longest_question=1000,
        has_session=False)  # True: somebody is logged in and can log out, by a POST to /logout
    render_template("login.html", words=words(language), language=language, error=None, next="/")

`error` of the login form is None, or a key in the "login" part of the words: "wrong" or "too_many". The form posts
`token` and `next` to /login?lang=… The page gets everything else from the API, by static/js/api.js.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
TEMPLATES = _HERE / "templates"
STATIC = _HERE / "static"
WORDS = STATIC / "words"

# To add a language, add a file static/words/<code>.json. The switch on the page lists all files.
LANGUAGES: tuple[str, ...] = tuple(sorted(path.stem for path in WORDS.glob("*.json")))


def chosen(requested: str | None, configured: str) -> str:
    """The language of the page: the requested one when there are words for it, else the configured one, else English."""
    for language in (requested, configured):
        if language in LANGUAGES:
            return language
    return "en"


@functools.cache
def words(language: str) -> dict[str, Any]:
    """All words of the page in one language. Under "languages" stand the code, name and tag of every language."""
    languages = [{"code": code} | {key: _read(code)[key] for key in ("name", "tag")} for code in LANGUAGES]
    return _read(language) | {"languages": languages}


def _read(language: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((WORDS / f"{language}.json").read_text(encoding="utf-8"))
    return found
