"""The conversation: which words are meant for the assistant, and what each of them starts."""
