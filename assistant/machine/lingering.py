"""Tells whether this user's programs, the sound server among them, run while the user is not signed in.

systemd calls that lingering. It does not know which program needs it.
"""

from __future__ import annotations

from assistant.machine import commands
from assistant.machine.commands import Printed

ENABLE = "loginctl enable-linger"


def read_lingering() -> Printed | None:
    """What `loginctl` prints about this user. None for root, whose programs run anyway, and for a user without a name."""
    user = commands.run(["id", "-un"]).out.strip()
    return None if user in ("", "root") else commands.run(["loginctl", "show-user", user, "--property=Linger"])


def is_lingering(printed: Printed | None) -> bool | None:
    """True or False as printed; None if nobody can tell.

    `loginctl` fails for a user who is not signed in and does not linger, so a failure tells nothing.
    """
    if printed is None or not printed.worked:
        return None
    return "Linger=yes" in printed.out
