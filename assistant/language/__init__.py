"""Words: the phrases of each language, sentences, spelling, and which words are commands."""
