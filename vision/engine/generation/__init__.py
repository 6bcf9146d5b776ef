"""From a prompt to text: the chat template, the decoding loop, and how a token is chosen."""
