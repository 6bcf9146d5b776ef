"""The conversation: hears a question, has it answered about a picture, speaks the answer."""

__version__ = "0.1.0"
