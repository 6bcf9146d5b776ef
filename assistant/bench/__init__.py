"""`seesay bench` and `seesay soak`: measure this machine, our engine and the engine that ours is compared with.

`assistant.cli.bench` has the options.

    questions                        three kinds of question, from their words to the last sound
    answers, plain_answers           the same in one process: with our assistant's own threads, and with transformers
    kinds, pictures                  what is asked, and the pictures that it is asked about
    forced, speech                   answers of a fixed length, and a stand-in for the loudspeaker
    sensors, recorder                joules and degrees where the machine tells them, also over time
    questions_table, page, page_style, svg   the figures for the terminal, and as one HTML page with plots
    feasible                         the figures beside those of the reference design
    soak, soak_log, soak_text, slope   hours of questions, what is recorded of them, and whether it grows

    engine                           `--engine`: the engine alone, ours and transformers'
    ours, plain, report              what is measured of each in one process, and the table of it
    child, processes, task           one process: what it runs, how it is started, what it is told and what it tells
    work, machine                    how much there is to compute and read; what the machine is and can do
    random_model, random_tokenizer   a checkpoint of the true shapes with random weights
    accuracy/                        how often wake word, doubt and spelling are right

Importing this package imports nothing.
"""
