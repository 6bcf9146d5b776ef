"""The files of the page, without a browser: its words, vendored code, and nothing inline."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

from assistant.web.page import STATIC, words
from tests.assistant.web.page_help import AXE, AXE_SHA256


def test_all_languages_have_the_same_words() -> None:
    """All languages have the same words and places for values, except that English takes the server's own errors."""

    def places(node: Any, path: str = "") -> Iterator[tuple[str, frozenset[str]]]:
        if isinstance(node, dict):
            for key, value in node.items():
                yield from places(value, f"{path}.{key}")
        elif isinstance(node, str) and not path.startswith((".errors.statuses", ".errors.server")):
            assert node.strip(), f"{path} is empty"
            yield path, frozenset(re.findall(r"\{\w+\}", node))

    assert dict(places(words("en"))) == dict(places(words("zh")))


def test_the_page_has_words_for_whatever_the_server_may_refuse() -> None:
    """Chinese has words for each error, by its code or by its status, and for no code that does not exist.

    The status serves where the answer had not yet begun.
    """
    chinese = words("zh")["errors"]
    known = codes_of("*.py")
    assert {("429", "queue_full"), ("422", "nothing_heard"), ("400", "invalid_parameter"), ("408", "too_slow")} < known
    unsaid = {
        (status, code) for status, code in known if not {code, status} & {*chinese["server"], *chinese["statuses"]}
    }
    # The page never sends such requests.
    assert unsaid == {
        ("405", "method_not_allowed"),
        ("414", "too_large"),
        ("431", "too_large"),
        ("501", "not_implemented"),
    }
    # these come within an answer, without a status
    assert {code for _, code in codes_of("answer.py")} - chinese["server"].keys() == set()
    # docs/nginx.conf sends these two
    assert chinese["server"].keys() - {code for _, code in known} == {"away", "silent"}


def codes_of(pattern: str) -> set[tuple[str, str]]:
    """The (status, code) of each error that the files raise."""
    found = set[tuple[str, str]]()
    for file in STATIC.parents[1].rglob(pattern):
        source = file.read_text(encoding="utf-8")
        found |= set(re.findall(r'ApiError\(\s*(\d{3}),\s*"(\w+)"', source))
        found |= set(re.findall(r'^    (\d{3}): \("(\w+)", "', source, re.MULTILINE))  # in tables of errors
        found |= set(re.findall(r'__init__\(\s*(\d{3}),\s*"(\w+)"', source))  # in error classes of their own
    return found


def test_code_of_others_is_as_published() -> None:
    """Each vendored file has the hash and the licence that the table beside it names."""
    table = (STATIC / "vendor" / "README.md").read_text()
    rows = re.findall(r"^\| `([^`]+)` \| .* `(LICENSE-[^`]+)` \| `([0-9a-f]{64})` \|$", table, re.MULTILINE)
    files = {path.name for path in (STATIC / "vendor").iterdir() if path.suffix in (".js", ".css")}
    assert {name for name, _, _ in rows} == files
    for name, licence, digest in rows:
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == digest
        assert (STATIC / "vendor" / licence).exists()


def test_axe_is_as_published() -> None:
    """A changed axe-core could find nothing and still look right."""
    assert hashlib.sha256(AXE.read_bytes()).hexdigest() == AXE_SHA256


def test_no_script_or_style_stands_in_the_html_and_nothing_comes_from_elsewhere() -> None:
    """The content security policy can therefore forbid both, and the page works without a network."""
    for file in [*STATIC.parent.glob("templates/*.html"), *STATIC.glob("js/*.js"), STATIC / "seesay.css"]:
        source = file.read_text()
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", source), file.name
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", source), file.name
        assert not re.search(r"\beval\(|new Function", source), file.name
