"""Forty sentences as people ask them, for measuring only: no model is ever trained on them.

They were written before the templates of the other files, and `corpus.is_held_out` keeps each of them out of training.
A word in them may be unknown to the model, as in life.
"""

NATURAL = """what's that thing on the counter|could you tell me what this letter is about|is the stove still on
|which of these cans is the tomato soup|when does this milk expire|how do i get out of this room
|what's the temperature on the thermostat|did i leave the light on in the bathroom|is there a free seat anywhere
|what does the button on the left do|can you see where i put my glasses|do these socks match
|how much is the total on this receipt|is my shirt inside out|are there any stains on my jacket
|what's the name of this street|who is this letter from|which bus is coming|is the door on my right open or closed
|what kind of tea is this|how many pills are left in the bottle|what are the cooking instructions on this box
|is there anybody sitting at the table|where's the nearest exit|what color are these trousers
|does this medicine say how often to take it|is the washing machine finished|what number is on the elevator display
|is this the men's or the women's bathroom|how many steps are in front of me|is that a five or a ten dollar bill
|what's the best before date on the yogurt|is there a crack in this pipe|read me the serial number on the motor
|what pressure does the gauge show|is the red warning light blinking|does anything look wrong with this cable
|what's written at the top of the page|i dropped my key can you see it|tell me if the coast is clear"""
