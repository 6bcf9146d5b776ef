"""The model as it learns: its network, its tokenizer, what it is fed with, and how its answers are marked.

The commands one folder up (`train`, `train_eye`, `train_language`, `evaluate`) use it. The door is `network`. Most of
it needs torch.
"""
