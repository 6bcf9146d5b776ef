"""`seesay bench` and `seesay soak`: measure this machine, our engine and what it is compared with. `command` has the options.

    questions    three kinds of question, from their words to the last sound: rounds, processes, medians, ratios
    answers, plain_answers   that in one process: our assistant's own threads, and transformers
    kinds, pictures, forced, speech   what is asked, about what, answers of a fixed length, a loudspeaker that is not there
    sensors, recorder        joules and degrees where the machine tells them; memory, watts and temperature over time
    questions_table, page, page_style, svg, feasible   for the terminal, as one HTML page, beside the reference's figures
    soak, soak_log, soak_text, slope   hours of questions, what they leave behind, and whether it grows

    engine       `--engine`: the engine alone, ours and transformers'
    ours, plain  what is measured of it in one process; `report` its table
    child, processes, task   one process, how it is run, what it is told and what it tells
    work, machine            how much there is to compute and read; what the machine is and can do
    random_model, random_tokenizer   a checkpoint of the true shapes with random weights

Importing this package imports nothing.
"""
