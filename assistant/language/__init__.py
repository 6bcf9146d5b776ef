"""The words of the conversation: each language's phrases, sentence ends, spelling, and which utterances are
commands."""
