"""Finds out when the user speaks and when a question has ended, in sound that comes block by block.

    hearing                     the whole way from blocks of sound to utterances
    conditioning, vad, voicing  before the recogniser: no rumble, and whether a chunk is speech
    endpointing, pausing        whether a pause ends the question
    own_cue, own_voice, echo    the assistant's own sounds in the microphone
    barge_in                    stop words that are spoken over its voice
    reconnecting                a microphone that goes away and comes back

It does not know what the words mean.
"""
