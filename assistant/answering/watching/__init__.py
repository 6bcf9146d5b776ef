"""What goes on beside the questions: looking ahead while nobody asks, and noticing what the user should be told.

Nothing in `answering` knows it; `assistant.wiring` starts it. The door is `idle_looker`, the thread "look-ahead".
"""
