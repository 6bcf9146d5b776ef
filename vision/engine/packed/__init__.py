"""Weights packed losslessly into 12 bits: the format, its file, and how to make one from a checkpoint."""
