"""Says sentences and plays cues.

    voice                       sentences one after the other to the loudspeaker, and an end to them at once
    synthesizer, speech_rate    espeak-ng through pyttsx3, at a rate in words a minute
    script_runs, speech_edges   one voice for each script of a sentence, and sentences without clicks at their ends
    playback, earcons           the loudspeaker, and short sounds that need no language
    played                      what went to the loudspeaker in the last seconds

It does not know what is said.
"""
