"""Writes the manifests of the embedded models anew: `python -m assistant.models.sums [FOLDER …]`.

Run it after a file of an embedded model was changed on purpose, because the program refuses a model whose files are not
as its manifest says. The scripts that build the models write the same manifests by themselves.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from assistant import console
from assistant.models.catalog import MANIFEST, demo_speech, demo_vlm, write_manifest
from assistant.models.download import digest


def write_sums(folder: Path) -> int:
    """Declares every file below the folder right as it is now, and returns how many there are."""
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    paths.pop(MANIFEST, None)
    sizes = {name: path.stat().st_size for name, path in paths.items()}
    write_manifest(folder, "embedded", sizes, {name: digest(path) for name, path in paths.items()})
    return len(paths)


def main() -> None:
    parser = argparse.ArgumentParser(description="write the manifests of the embedded models anew")
    parser.add_argument("folder", type=Path, nargs="*", help="of a model; without any, both embedded models")
    chosen = parser.parse_args()
    for folder in chosen.folder or [demo_speech("en"), demo_vlm()]:
        if not folder.is_dir():
            parser.error(f"{folder} is no folder: name the folder of a model")
        console.say(f"{folder / MANIFEST}: {write_sums(folder)} files")


if __name__ == "__main__":
    main()
