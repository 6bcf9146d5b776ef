"""The server keeps to /openapi.json: hundreds of requests made from it find no 5xx and no other breach.

The requests are valid and invalid ones.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.answering.page_lines import PageReader
from assistant.inspection.journal import Journal
from assistant.web.access import RateLimit
from assistant.web.journal import JournalAccess
from tests.assistant.fake_reader import FakeReader, page
from tests.assistant.inspection.rounds.test_rules import GUARD, TANK, Talk
from tests.assistant.inspection.test_journal import turn
from tests.assistant.inspection.test_report_page import jpeg
from tests.assistant.web.api.conftest import beep, take
from tests.assistant.web.api.serving import Running, parts_with, running, send, send_json
from vision.engine.engine import Engine

TOKEN = "0123456789abcdefghij"
LIMIT_SECONDS = 120.0


@pytest.fixture(scope="module")
def locked(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with a token and a journal, so that what the description says about both is tested as well."""
    folder = tmp_path_factory.mktemp("journal")
    with Journal.write(folder) as journal:
        journal.append(turn(), jpeg())
    parts = parts_with(
        engine,
        take=take,
        synthesize=beep,
        hear=lambda wav, stopped: ("what color is the circle", 0.9),
        pages=PageReader(FakeReader(page("a red circle"))),
        journal=JournalAccess(folder, keeps_pictures=True),
    )
    with running(parts, token=TOKEN, max_body_bytes=500_000, ollama=True) as server:
        # A wrong token is tried at each address. On a quick machine those are more than a client may try in a minute,
        # and then the right one would be refused as well.
        assert server.services.tokens is not None
        server.services.tokens._guesses = RateLimit(1000)
        shown = Talk(TANK, GUARD).shown
        server.services.board.round_now = lambda: shown
        yield server


def description(server: Running) -> Any:
    return send(server.port, "GET", "/openapi.json", headers={"Authorization": f"Bearer {TOKEN}"}).json


def test_the_contract_is_kept(locked: Running, tmp_path: Path) -> None:
    """Statuses, types and schemas are as described, also for wrong input, wrong methods and a missing token.

    One check of schemathesis is left out: that all input which fits the schema is accepted. No schema can say that the
    bytes behind a data URI are a picture.
    """
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{locked.address}/openapi.json",
        "--header", f"Authorization: Bearer {TOKEN}",
        "--phases", "examples,coverage,fuzzing", "--max-examples", "20", "--generation-deterministic",
        "--exclude-checks", "positive_data_acceptance", "--continue-on-failure", "--no-color", "--warnings", "off",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    tried = re.search(r"Tested: (\d+)", done.stdout)
    assert tried is not None
    assert int(tried[1]) == len(description(locked)["paths"])
    cases = re.search(r"(\d+) generated", done.stdout)
    assert cases is not None
    assert int(cases[1]) >= 300


def test_its_examples_work(locked: Running) -> None:
    """Each example of the description gets an answer."""
    tried = 0
    for path, ways in description(locked)["paths"].items():
        body = ways.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json", {})
        for example in body.get("examples", {}).values():
            reply = send_json(locked.port, path, example["value"], Authorization=f"Bearer {TOKEN}")
            assert reply.status == 200
            assert "red" in reply.body.decode()
            tried += 1
    assert tried == 9


def test_every_address_is_described(locked: Running) -> None:
    """Every address is described except the page, its login and its files, which are for people."""
    from assistant.web.app import create_app

    rules = {
        # <int(min=1):number> is {number} in the description
        re.sub(r"<\w+(\([^)]*\))?:(?!filename)(\w+)>", r"<\2>", rule.rule)
        for rule in create_app(locked.services).url_map.iter_rules()
    }
    described = {path.replace("{", "<").replace("}", ">") for path in description(locked)["paths"]}
    for_people = {"/", "/login", "/logout", "/journal", "/static/<path:filename>", "/openapi.json"}
    assert rules - for_people == described
