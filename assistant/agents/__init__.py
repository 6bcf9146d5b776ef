"""Lets agents, programs that a language model steers, use SeeSay: `seesay mcp`.

It is a client of the API of `assistant.web` like any other program, and knows it only by its addresses. It does not
know who started that server.
"""
