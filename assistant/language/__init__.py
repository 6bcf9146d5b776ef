"""The words of the conversation: each language's phrases, sentence ends, spelling, and what is a command."""
