"""The built-in profiles, which are settings that lie over the defaults: `seesay --profile NAME`. Data only.

config.toml shows them as [profile.NAME.TABLE]. A user's own file counts for more, and may add profiles.
"""

from __future__ import annotations

from collections.abc import Mapping

Table = Mapping[str, str | int | float | bool]

PROFILES: Mapping[str, Mapping[str, Table]] = {
    # With a headset its voice does not get into the microphone, so anything that is said may interrupt it.
    "headset": {"hearing": {"barge_in": "any"}},
    # It listens only after a press. It need not listen for an interruption either, because a press interrupts it.
    # Nothing tells whether its camera is on a stand or carried. A carried one never stands still for long enough, so
    # "still" is right for both: it then only watches the picture, which costs little.
    "button": {"activation": {"by": "button"}, "seeing": {"ahead": "still"}},
    # For full hands among talking people: it has to be called, and it hears "stop" over its own voice. It keeps a
    # journal, because an inspector owes somebody a record.
    "cart": {
        "hearing": {"barge_in": "stop_word"},
        "speaking": {"volume": 1.0},
        "activation": {"by": "wake_word"},
        "conversation": {"while_answering": "queue"},
        "journal": {"enabled": True, "pictures": True},
        "seeing": {"ahead": "still"},
    },
}
