"""Measures how often wake and stop words, doubt and spelling are right, on pictures and speech that are made for it."""
