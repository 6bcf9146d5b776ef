"""What the machine can do at most, and how close the figures come to it."""
