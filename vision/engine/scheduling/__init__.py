"""Whose turn it is to compute, and what share of the time is rest."""
