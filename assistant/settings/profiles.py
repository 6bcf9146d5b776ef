"""The three users' settings, over the defaults: `seesay --profile NAME`. Data only.

config.toml shows them as [profile.NAME.TABLE]; whatever a user's own file says there counts for more, and it may add profiles.
"""

from __future__ import annotations

from collections.abc import Mapping

Table = Mapping[str, str | int | float | bool]

PROFILES: Mapping[str, Mapping[str, Table]] = {
    # Nothing of its voice gets into the microphone, so everything said interrupts it.
    "headset": {"hearing": {"barge_in": "any"}},
    # It listens after a press only; the press that interrupts it needs no ear.
    "button": {"activation": {"by": "button"}},
    # Hands full and other people talking: it has to be called, and "stop" is heard over its own voice.
    "cart": {
        "hearing": {"barge_in": "stop_word"},
        "speaking": {"volume": 1.0},
        "activation": {"by": "wake_word"},
        "conversation": {"while_answering": "queue"},
    },
}
