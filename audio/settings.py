"""What of hearing can be set, with the defaults. Values only: importing it imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass

VAD_AGGRESSIVENESS = 2  # 0..3, WebRTC's: from "takes much for speech" to "takes little for speech"
# The chance, 0..1, that the words of an utterance are all right, as `audio.recognition.certainty` tells it.
NOISE_CONFIDENCE = 0.003  # with less there were no words: hardly one of them was heard a second time
MIN_CONFIDENCE = 0.35  # for a question; with less it is read back
MIN_COMMAND_CONFIDENCE = 0.75  # for a command, which is obeyed without an answer that would show the mistake


# Knocks and clicks are short, and a recogniser makes words of them that would take longer to say.
LEAST_VOICED_SHARE = 0.45  # of the time that the words take has to be speech; a quick "stop" has 0.47
SHORT_SECONDS = 0.36  # of speech; words in less of it need `SHORT_CONFIDENCE`
SHORT_CONFIDENCE = 0.3


@dataclass(frozen=True)
class EndpointSettings:
    onset_seconds: float = 0.09  # an onset needs this much speech, with hardly a break
    end_silence_seconds: float = 0.7  # this much silence ends the utterance
    max_utterance_seconds: float = 15.0  # a longer utterance is cut here
    min_speech_seconds: float = 0.2  # an utterance with less speech than this is a cough, not words
    pre_roll_seconds: float = 0.8  # sound kept from before the onset was noticed, including the onset
    resume_seconds: float = 0.06  # a shorter blip does not prolong an utterance
    # A pause is only a guess that the utterance has ended. Whatever reacts to it must be undone when the user speaks
    # on.
    pause_seconds: float = 0.12  # after this much silence the utterance may have ended
    pause_tries_seconds: float = 0.27  # the guess is tried for this long, then only the end counts
    pause_min_speech_seconds: float = 0.15  # with less speech than this no guess is made
