"""What is said: the templates of sentences, the corpus made of them, how words are pronounced and follow one another.

It knows text and the names of phones, but no sound. The door is `corpus`, which draws sentences to train and test on.
"""
