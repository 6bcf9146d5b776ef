"""Stand-ins for the parts of `audio` (source, VAD, transcriber), for tests of the logic around them."""

import numpy as np

from audio.pcm import AudioChunk
from audio.recognition.transcriber import Transcript

SPEECH, SILENCE = 1000, 0


class ScriptedSource:
    """A source with one chunk for each letter: S is speech, and anything else is silence."""

    live = False

    def __init__(self, pattern):
        self.pattern = pattern
        self.position = 0

    def chunks(self):
        for position, letter in enumerate(self.pattern):
            self.position = position
            level = SPEECH if letter == "S" else SILENCE
            samples = (level * np.array([1, -1] * 240)).astype(np.int16)  # the highest tone, which no filter changes
            yield AudioChunk(samples, 16_000, position * 0.03)

    def stop(self):
        self.pattern = ""


class LevelVad:
    """Takes loud chunks for speech."""

    def is_speech(self, samples):
        return bool(np.abs(samples).mean() > SPEECH / 2)


class ScriptedTranscriber:
    """Hears the given texts, one for each utterance, whatever is said. Counts the chunks that it was given."""

    def __init__(self, *texts, confidence=0.9, seconds=0.0):
        self.texts = list(texts)
        self.confidence = confidence
        self.seconds = seconds  # what the words of each text take
        self.fed = []  # how many chunks each finished utterance had
        self.resets = 0
        self.pending = 0

    def accept(self, samples):
        self.pending += 1

    def finish(self):
        self.fed.append(self.pending)
        self.pending = 0
        return Transcript(self.texts.pop(0), self.confidence, self.seconds)

    def reset(self):
        self.resets += 1
        self.pending = 0
