"""Turns sound into words with Vosk: any words, or only the phrases of a grammar.

    transcriber, vosk_library   all words of a speech model
    grammar, closed_answers     a few phrases, heard more reliably in noise
    wake_word                   the phrase that wakes the assistant
    vocabulary, model_trial     which words a model knows, and whether it can be loaded at all

It does not know microphones, nor when somebody speaks.
"""
