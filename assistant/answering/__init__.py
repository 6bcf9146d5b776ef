"""From a question to spoken sentences: taking the picture, asking the engine, doubt, and the order of what is said.

The door is `pipeline`. Below it lie `reading/` (what a reader finds) and `judging/` (how sure an answer is), above it
`watching/` (what goes on while nobody asks).
"""
