"""The small Vosk model that ships with SeeSay (folder `en/`) and the scripts that made it.

While SeeSay runs, it uses only the folder `en/` and the module `voices`, which imports nothing. MODEL_CARD.md says
how to train the model again and what was measured.
"""
