"""Speaks sentence after sentence and listens for a stop word at the same time.

test_stop_word.py runs it on the virtual sound card:

    python -m tests.stop_word_program SECONDS

It prints "ready", then one line for each stop, with its word. After a stop it is silent for two seconds and then speaks
on.
"""

from __future__ import annotations

import sys
import threading
import time

from assistant.language.phrases import phrases_for
from assistant.models import catalog
from audio.listening.barge_in import StopListener, VoskSpotter
from audio.microphone import Microphone
from audio.speaking.playback import Loudspeaker
from audio.speaking.played import PlayedSound
from audio.speaking.synthesizer import Synthesizer

SENTENCES = (
    "The circle is at the top left, and a cup of coffee stands on top of a stack of books.",
    "A man in a dark coat walks past the shop on the corner, and two people sit on a bench.",
)


def main(seconds: float) -> None:
    stops = phrases_for("en").stop_words
    played = PlayedSound()
    ear = StopListener(VoskSpotter(catalog.demo_speech("en"), stops), stops, played=played.between)
    over, silent = threading.Event(), threading.Event()
    with Synthesizer() as voice, Loudspeaker(played=played) as loudspeaker, Microphone() as microphone:

        def speak() -> None:
            chunks = [voice.synthesize(sentence) for sentence in SENTENCES]
            while not over.is_set():
                for chunk in chunks:
                    if silent.is_set():
                        over.wait(2.0)
                        silent.clear()
                    loudspeaker.play(chunk, silent)

        speaker = threading.Thread(target=speak, name="speak")
        speaker.start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        ends_at = time.monotonic() + seconds
        for chunk in microphone.chunks():
            if time.monotonic() > ends_at:
                break
            if not silent.is_set() and (stop := ear.hear(chunk)) is not None:
                loudspeaker.mute_device()
                silent.set()
                sys.stdout.write(f"{stop.text}\n")
                sys.stdout.flush()
        over.set()
        silent.set()
        speaker.join()


if __name__ == "__main__":
    main(float(sys.argv[1]))
