"""A hundred sentences as people ask them, for measuring only: no model is ever trained on them.

`corpus.is_held_out` keeps each of them out of training. The forty of NATURAL were written before the templates of the
other files, but some templates (`asked`, `remarks`) came from somebody who had read them. The sixty of NATURAL_BLIND
come from somebody who knew neither templates nor words, and nobody read them before the model was made. A word in a
sentence may be unknown to the model, as in life.
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

NATURAL_BLIND = """is this the can of tomato soup or the beans|how long do i microwave this for|did i leave the stove on
|is the milk past its date|which of these jars is the cinnamon|are there any spots on this banana
|does this shirt go with my brown pants|is my sweater inside out|what color are these socks
|can you see a stain on my collar|who sent me this letter|is there anything here besides junk mail
|read me the total on the electric bill|when is this payment due|how many of these pills should i take
|is this the morning bottle or the night one|tell me if the medicine needs to stay cold|is this a five or a twenty
|count the coins in my hand please|has the light changed yet|what bus is pulling up right now
|is there a curb in front of me|which way is the crosswalk|what's the name of the store on my left
|how much does this loaf of bread cost|where does the line start|find me the cheapest box of cereal
|what number is on that office door|is anyone sitting at the front desk|which button goes to the fourth floor
|what does my computer screen say|is the printer out of paper|what temperature is the thermostat set to
|who just walked into the room|is the dog lying on the couch again|does my daughter look upset
|tell me what's happening in this picture|is everyone smiling in the photo i just took
|help me find my keys they're somewhere on this table|i dropped an earring can you see it|what does this gauge read
|is the needle in the green zone|check whether that valve is open or closed
|which way do i turn the handle to shut it|does that pump sound normal to you|is there water under the second pump
|i think there's oil dripping from this pipe|what's the error code on the display
|read the serial number off this label|the tag is dirty can you make it out|make a note that the guard is loose
|add that the filter needs changing by friday|what's the next step|go back to the step before this one
|mark that one done and move on|how many steps do i have left|what was the pressure here last week
|take a picture of this crack for the report|are any warning lights on along this panel
|skip this tank it's shut down for cleaning"""
