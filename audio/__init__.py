"""SeeSay's ears and voice: microphone or WAV to words, sentences to loudspeaker or WAV.

In: `microphone` or `wav` → `vad` → `endpointing` → `transcriber` → `hearing`, with `wake_word` in front of the
transcriber. Out: `synthesizer` → `voice` → `playback` or `wav`, with `earcons` in between. The package knows nothing
of cameras, questions or answers.
"""
