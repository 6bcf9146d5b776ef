"""SeeSay's ears and voice: microphone or WAV to words, sentences to loudspeaker or WAV.

In file order: `microphone` or `wav` → `vad` → `endpointing` → `transcriber` → `hearing`, and
back out: `synthesizer` → `playback` (or `wav`), with `earcons` in between.
The package knows nothing of cameras, questions or answers.
"""
