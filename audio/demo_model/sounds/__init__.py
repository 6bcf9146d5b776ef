"""What happens to a sound on its way into the network: rooms, microphones and noise, and its log-mel features.

All are pure functions of samples and a random generator, and none knows a word. The door is `features`, to whose rate
and frames the others keep.
"""
