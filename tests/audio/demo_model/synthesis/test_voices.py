"""The lists of voices."""

from __future__ import annotations

import subprocess
import sys


def test_voices_import_nothing_heavy() -> None:
    """The demo may name its held-out voices without paying for numpy, torch or vosk."""
    program = (
        "import sys, audio.demo_model.synthesis.voices; print(sorted({'numpy', 'torch', 'vosk'} & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
        == "[]"
    )
