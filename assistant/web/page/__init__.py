"""The page: templates, style, scripts and words, and where they lie. Knows nothing of HTTP, of the engine, nor of Flask.

What a server has to do with it:

    app = Flask("assistant.web", static_folder=str(STATIC), template_folder=str(TEMPLATES))  # static_url_path "/static"
    language = chosen(request.args.get("lang"), configured)
    render_template("index.html", words=words(language), language=language, longest_question=1000)
    render_template("login.html", words=words(language), language=language, error=None, next="/")

`error` of the login form is a key of the words' "login" part ("wrong", "too_many"), or None. The form posts `token` and
`next` to /login?lang=… All else the page gets from the API: see static/js/api.js.
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

# A further language is one more file: static/words/<code>.json. The switch on the page lists what is there.
LANGUAGES: tuple[str, ...] = tuple(sorted(path.stem for path in WORDS.glob("*.json")))


def chosen(requested: str | None, configured: str) -> str:
    """The language of the page: what the address asks for if there are words for it, else what the config says."""
    for language in (requested, configured):
        if language in LANGUAGES:
            return language
    return "en"


@functools.cache
def words(language: str) -> dict[str, Any]:
    """All words of the page in one language, and under "languages" which languages there are."""
    languages = [{"code": code} | {key: _read(code)[key] for key in ("name", "tag")} for code in LANGUAGES]
    return _read(language) | {"languages": languages}


def _read(language: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((WORDS / f"{language}.json").read_text(encoding="utf-8"))
    return found
