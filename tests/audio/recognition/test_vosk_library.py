"""Vosk without its HTTP client."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def printed_by(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_vosk_is_imported_without_an_http_client() -> None:
    """Neither requests nor urllib3 is loaded, and both modules are Vosk's own."""
    code = """
import sys
from audio.recognition.vosk_library import import_vosk
first, second = import_vosk(), import_vosk()
print(first is second is sys.modules["vosk"], callable(first.KaldiRecognizer))
print("requests" in sys.modules, "urllib3" in sys.modules)
"""
    assert printed_by(code) == ["True", "True", "False", "False"]


def test_who_wants_the_http_client_gets_the_real_one() -> None:
    """Imported after Vosk or before it."""
    after = "from audio.recognition.vosk_library import import_vosk; import_vosk(); import requests; print(requests.get.__name__)"
    before = "import requests; from audio.recognition.vosk_library import import_vosk; print(import_vosk().requests is requests)"
    assert printed_by(after) == ["get"]
    assert printed_by(before) == ["True"]
