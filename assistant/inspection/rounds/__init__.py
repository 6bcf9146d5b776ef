"""Rounds: a checklist that is worked through by voice. `checklist` has its parts, `rules` what is said and when."""
