"""`seesay check`: proves on the user's own machine, with the user's model, what could not be proved elsewhere.

`checking.check` is the door: it runs the parts that are not done yet, keeps each in the state folder, and reports.
"""
