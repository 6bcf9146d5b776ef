"""Builds the program out of concrete parts: devices, engine, conversation, server. No other package names a device."""
