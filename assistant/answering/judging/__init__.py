"""How sure an answer is: by the model's probabilities, by the print in the picture, and by a second look.

It knows no turn and does not speak. The door is `doubt`, whose `Verdict` every sentence gets.
"""
