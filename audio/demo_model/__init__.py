"""The small Vosk model that ships with SeeSay (folder `en/`) and the scripts that made it.

Nothing here is imported while SeeSay runs: only `voices` and the folder `en/` are used, and `voices` imports nothing.
How to retrain, and what was measured: MODEL_CARD.md.
"""
