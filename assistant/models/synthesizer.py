"""Opens the voice that the settings name: espeak-ng's, or a neural one of Piper.

It does not know loudspeakers, nor who speaks. Heavy imports happen in the function, because `seesay --help` must stay
quick.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from assistant.language.phrases import phrases_for
from assistant.language.speakable import to_spoken
from assistant.models.catalog import piper_voice
from assistant.settings.config import Config

if TYPE_CHECKING:
    from audio.speaking.piper_synthesizer import PiperSynthesizer
    from audio.speaking.synthesizer import Synthesizer


def open_synthesizer(
    config: Config, rate_wpm: int, volume: float, environ: Mapping[str, str] = os.environ
) -> Synthesizer | PiperSynthesizer:
    """The voice at a rate in real words a minute and a volume of 0..1. The caller closes it.

    Raises AudioError if there is no such voice, and ModelMissing if Piper's is not on this machine.
    """
    language = phrases_for(config.conversation.language).voice
    if config.speaking.engine == "piper":
        from audio.speaking.piper_synthesizer import PiperSynthesizer
        from vision.engine.host import arithmetic_threads

        voice, threads = piper_voice(config, environ), arithmetic_threads(config.engine.threads)
        return PiperSynthesizer(voice, rate_wpm, volume, partial(to_spoken, voice=language), threads)
    from audio.speaking.synthesizer import Synthesizer

    name = config.speaking.voice or language
    return Synthesizer(name, rate_wpm, volume, partial(to_spoken, voice=name))
