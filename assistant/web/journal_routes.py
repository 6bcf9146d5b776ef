"""The routes of the journal: those under `/api/journal` for programs, and `/journal`, the same as a page for people.

The page is made here and needs no script. It does not know how records are found: `journal` does.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from assistant.inspection.report_page import Shown
from assistant.language.phrases import LANGUAGES, phrases_for
from assistant.web import page
from assistant.web.answers.errors import ApiError, invalid
from assistant.web.journal import HIGHEST_NUMBER, MEDIA_TYPES, Listing, Query, parse_query, record_as_json
from assistant.web.protocols.api import client_gone

if TYPE_CHECKING:
    from flask import Blueprint, Response

    from assistant.web.services import Services

PAGE_PATH = "/journal"
_RECORD = f"/api/journal/<int(min=1,max={HIGHEST_NUMBER}):number>"


def journal_routes(services: Services) -> Blueprint:
    from flask import Blueprint, Response, jsonify, render_template, request, send_file

    routes = Blueprint("journal", __name__)
    journal = services.journal

    @routes.get("/api/journal")
    def records() -> Response:
        found = journal.listing(parse_query(request.args, lists=True))
        return jsonify(records=[record_as_json(entry) for entry in found.entries], has_more=found.has_more)

    @routes.get("/api/journal/rounds")
    def rounds() -> Response:
        return jsonify(rounds=journal.rounds())

    @routes.get(_RECORD)
    def record(number: int) -> Response:
        return jsonify(record_as_json(journal.entry(number)))

    @routes.get(f"{_RECORD}/picture.jpg")
    def picture(number: int) -> Response:
        return Response(journal.picture(number, small=False), mimetype="image/jpeg")

    @routes.get(f"{_RECORD}/small.jpg")
    def small_picture(number: int) -> Response:
        return Response(journal.picture(number, small=True), mimetype="image/jpeg")

    @routes.get("/api/journal/export.<form>")
    def export(form: str) -> Response:
        query = parse_query(request.args, lists=False, more=("lang",))
        language = request.args.get("lang", "")
        if language and language not in page.LANGUAGES:
            raise invalid("lang", f"lang is one of {', '.join(page.LANGUAGES)}")
        language = page.chosen(language, services.settings.language)
        file = journal.export(form, query.choice, language, client_gone(request.environ))
        if file is None:
            return Response(status=204)  # nobody is there to read it
        return send_file(
            file, mimetype=MEDIA_TYPES[form], as_attachment=True, download_name=f"seesay-journal.{form}", etag=False
        )

    @routes.get(PAGE_PATH)
    def journal_page() -> Any:
        language = page.chosen(request.args.get("lang"), services.settings.language)
        words = page.words(language)
        given = {key: value for key, value in request.args.items() if value.strip()}
        status, problem, query, found, rounds = 200, "", Query(), Listing([], has_more=False), list[str]()
        with contextlib.suppress(ApiError):
            rounds = journal.rounds()
        try:
            query = parse_query(given, lists=True, more=("lang",))
            found = journal.listing(query)
        except ApiError as error:
            status, problem = error.status, words["journal"]["problems"].get(error.code, error.message)
        report = phrases_for(language if language in LANGUAGES else "en").report
        shown = [Shown(entry, entry.record, _small(entry.number), report) for entry in found.entries if entry.record]
        chosen = {key: given[key] for key in ("search", "from", "to", "round") if key in given}
        return (
            render_template(
                "journal.html",
                words=words,
                report=report,
                language=language,
                problem=problem,
                given=given,
                chosen=chosen,
                exported={key: value for key, value in chosen.items() if key != "search"},
                rounds=rounds,
                shown=shown,
                older=found.entries[-1].number if found.has_more else None,
                access=journal.access,
                forms=MEDIA_TYPES,
            ),
            status,
        )

    return routes


def _small(number: int) -> str:
    return f"/api/journal/{number}/small.jpg"
