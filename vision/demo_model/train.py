"""Trains the demo model from nothing to a checkpoint: vision encoder, language side, both together, then the export.

    python -m vision.demo_model.train --work FOLDER [--threads 2]

Each stage can also be run by itself (`train_eye`, `train_language`), and continues from the state in FOLDER. The
minutes are for two cores with AVX-512 bfloat16. MODEL_CARD.md says how the shipped weights were trained.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vision.demo_model import export, train_eye, train_language
from vision.demo_model.training.state import continue_from


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder of the training state")
    parser.add_argument("--eye-minutes", type=float, default=25.0)
    parser.add_argument("--language-minutes", type=float, default=15.0)
    parser.add_argument("--both-minutes", type=float, default=60.0)
    parser.add_argument("--threads", default="2")
    parser.add_argument("--to", type=Path, help="checkpoint folder; default: the shipped one")
    parser.add_argument("--from", dest="start", type=Path, help="checkpoint folder to continue from; default: nothing")
    given: Any = parser.parse_args(argv)
    if given.start:
        continue_from(given.work, given.start)
    common = ["--work", str(given.work), "--threads", given.threads]
    train_eye.main([*common, "--minutes", str(given.eye_minutes)])
    if given.language_minutes > 0:
        train_language.main([*common, "--minutes", str(given.language_minutes)])
    both_rates = ["--muon-rate", "2e-3", "--adam-rate", "1e-3", "--hold", "0.2"]
    train_language.main([*common, *both_rates, "--both", "--minutes", str(given.both_minutes)])
    return export.main(["--work", str(given.work), *(["--to", str(given.to)] if given.to else [])])


if __name__ == "__main__":
    raise SystemExit(main())
