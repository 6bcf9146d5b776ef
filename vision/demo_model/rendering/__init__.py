"""Pictures from seeds: drawn scenes, photographs with their flaws, and pictures that show none of the model's world.

It knows neither questions nor the model. The door is `scene`: what is drawn, as values; `drawing` makes the picture.
"""
