"""Sees and answers: a camera picture goes in, a View that can be asked questions comes out.

Knows nothing of sound, of turns, or of who asks.
"""
