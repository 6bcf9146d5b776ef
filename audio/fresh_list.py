"""Prints the sound devices that are there now, as JSON, from a process of its own.

PortAudio's list is a snapshot of the moment when it was loaded. A process that has just loaded it tells what a running
program would find in a new list, and costs the running program none of its open streams. This module does not know
what the answer is used for: see `audio.devices.renew_list`.
"""

from __future__ import annotations

import json
import sys

from audio.devices import snapshot


def main() -> None:
    sys.stdout.write(json.dumps(snapshot()) + "\n")


if __name__ == "__main__":
    main()
