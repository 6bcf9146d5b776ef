"""General English for the acoustic model: phrases from the docstrings of Python's library and Debian's licence texts.

Both are already on the machine. The language model is never trained on them.
"""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

_BREAKS = re.compile(r"[.;:!?()\[\]\"`<>=|{}/\\_*#@$%&,+-]+|\n\s*\n")
_WORD = re.compile(r"[a-z']{1,14}")


def _texts() -> list[str]:
    licences = [path.read_text(errors="ignore") for path in sorted(Path("/usr/share/common-licenses").glob("*"))]
    library = Path(os.__file__).parent
    sources = [path for path in sorted(library.rglob("*.py")) if "site-packages" not in path.parts][:1500]
    docs = [" . ".join(re.findall(r'"""(.*?)"""', path.read_text(errors="ignore"), re.S)) for path in sources]
    return licences + docs


def phrases(count: int) -> list[str]:
    """Up to `count` different phrases of three to nine plain words."""
    found = set()
    for text in _texts():
        for piece in _BREAKS.split(text[:300_000]):
            words = piece.lower().split()
            if 3 <= len(words) <= 9 and all(_WORD.fullmatch(word) for word in words):
                found.add(" ".join(words))
    ordered = sorted(found)
    random.Random(5).shuffle(ordered)
    return ordered[:count]
