"""How often the program is right: wake word, doubt and spelling, measured on scenes that are drawn or spoken for it."""
