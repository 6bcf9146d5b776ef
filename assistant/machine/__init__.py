"""The machine itself: its memory, and power and heat in `power`."""
