"""The small Vosk model that ships with SeeSay (folder `en/`) and the scripts that made it.

The files here are the commands (`python -m audio.demo_model.train`). What they are made of stands in `words/`,
`synthesis/`, `sounds/` and `training/`, each of which knows only those before it. While SeeSay runs, it uses only the
folder `en/` and `synthesis/voices.py`, which imports nothing. MODEL_CARD.md says how to train the model again and
what was measured.
"""
