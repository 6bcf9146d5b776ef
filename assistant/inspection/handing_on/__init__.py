"""Hands the journal's records on to other computers: to a webhook over HTTP, and to a topic of an MQTT broker.

The journal itself is the queue. Only the number of the newest record that a receiver has acknowledged is remembered.
"""
