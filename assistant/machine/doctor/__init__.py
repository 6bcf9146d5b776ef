"""Finds out what is wrong with this installation, its devices and its surroundings.

Each file is about one subject. In it a probe collects facts, and a pure function judges them. So every fault can be
tried without the device. This package does not repair anything.
"""
