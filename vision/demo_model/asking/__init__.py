"""Questions about a scene with their one right answer each, and conversations made of them.

It is pure and knows no pixels. The door is `questions`.
"""
