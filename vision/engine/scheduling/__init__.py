"""Whose turn it is to compute, and how much of the time is rest."""
