"""Weights packed losslessly into 12 bits: the format, its file, and how a checkpoint becomes one."""
