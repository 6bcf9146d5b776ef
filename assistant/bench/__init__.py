"""`seesay bench` and `seesay soak`: measure this machine, our engine and the engine that ours is compared with.

`assistant.cli.bench` has the options.

    questions    three kinds of question, from their words to the last sound
    engine       `--engine`: the engine alone, ours and others
    drafts       what guessing the next tokens gains
    journal      what keeping a journal costs
    engines/     what is measured: our engine and the others, each in a process of its own
    material/    what is measured with: random weights of the true shapes, pictures, kinds of questions
    limits/      what the machine can do at most, what share of it is reached, and the reference design's figures
    pages/       the figures as tables for a terminal and as one HTML page with plots
    soaking/     hours of questions, what is recorded of them, and whether a figure grows
    accuracy/    how often wake word, doubt, spelling and readings are right
    task, sensors, recorder, saved  the figures themselves, joules and degrees, and reports of earlier runs

Importing this package imports nothing.
"""
