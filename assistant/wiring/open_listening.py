"""What a user is told who has not chosen when the assistant listens: that it answers nearly everything, and what else
there is.

It does not know how the sentences are spoken.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from assistant.conversation.activation import ActivationSettings
from assistant.files import replace_file, state_folder
from assistant.language.phrases import Phrases

_log = logging.getLogger(__name__)


def told_path(environ: Mapping[str, str]) -> Path:
    """The file that is there once the user has been told."""
    return state_folder(environ) / "told-of-open-listening"


def first_notice(settings: ActivationSettings, profile: str, phrases: Phrases, environ: Mapping[str, str]) -> str:
    """The notice for the first start of this user. "" at every later one, with a profile, or if not all speech counts.

    It counts as told from this call on. Where that cannot be remembered, it is told at each start.
    """
    path = told_path(environ)
    if profile or not settings.is_open or path.exists():
        return ""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, "")
    except OSError as error:
        _log.warning("the notice about listening comes again: cannot write %s: %s", path, error.strerror or error)
    return f"{phrases.open_listening} {_offer(settings, phrases)}"


def much_talk_notice(settings: ActivationSettings, phrases: Phrases) -> str:
    """What is said if many turns are followed by nothing. "" if not all speech counts."""
    return f"{phrases.much_talk} {_offer(settings, phrases)}" if settings.is_open else ""


def _offer(settings: ActivationSettings, phrases: Phrases) -> str:
    return phrases.offer_button_or_wake_word.format(wake_word=settings.wake_phrase)
