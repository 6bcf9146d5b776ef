"""Imports the package vosk without the HTTP client that it brings along. It does not know what Vosk is used for."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

_HTTP_CLIENT = "requests"


def import_vosk() -> Any:
    """The module vosk.

    Vosk imports requests at its top for downloads of its own, which this program never asks for. With it comes
    urllib3, whose import opens an IPv6 socket and binds it to ::1, to see whether the machine has IPv6. An empty
    module stands in for requests until vosk is imported. Nothing else in this program imports requests, so no other
    thread can get the empty module. Without requests the import is also quicker, by 0.08 s.
    """
    if "vosk" in sys.modules or _HTTP_CLIENT in sys.modules:
        import vosk

        return vosk
    sys.modules[_HTTP_CLIENT] = ModuleType(_HTTP_CLIENT)
    try:
        import vosk
    finally:
        del sys.modules[_HTTP_CLIENT]
    return vosk
