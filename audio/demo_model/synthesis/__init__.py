"""The synthetic voices that say the sentences: espeak-ng, flite and the neural ones, each giving samples.

It does not know what the sounds are used for. The door is `voices`, the list of who is learned from and who is kept for
testing; it imports nothing.
"""
