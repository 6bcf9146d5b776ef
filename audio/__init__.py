"""SeeSay's ears and voice: microphone or WAV to words, sentences to loudspeaker or WAV.

    microphone, wav, pcm  where sound comes from, and what it is made of
    listening/            when somebody speaks, and when a question has ended
    recognition/          which words it was, with Vosk
    speaking/             sentences and cues, to a loudspeaker or a file
    devices, sound_watch  which devices there are, and whether they still work
    demo_model/           the embedded speech model, and how it was trained

In: `microphone` → `listening` → `recognition`. Out: `speaking`. The package knows nothing of cameras, questions or
answers.
"""
