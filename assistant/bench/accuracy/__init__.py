"""Measures how often wake word, doubt and spelling are right, on pictures and speech that are made for it."""
