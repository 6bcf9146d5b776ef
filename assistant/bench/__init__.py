"""`seesay bench`: measures this machine, our engine and what it is compared with. `engine` is what the verb calls.

    engine       the whole measurement: models, rounds, processes, medians
    child        one process of it: measures one thing and prints one JSON object
    ours, plain  what is measured in such a process: our engine, and transformers as a user would write it
    report       figures → table and JSON; `work` how much there is to compute and read; `machine` what it runs on
    random_model, random_tokenizer   a checkpoint of the true shapes with random weights

Importing this package imports nothing.
"""
