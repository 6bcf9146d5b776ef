"""The button: input devices, and the gestures that their key presses make."""
