"""What a client is answered, and when: one question at a time through the one engine.

    work_queue, answer         the turns of the clients, and one question from its turn to its last word
    events, stop_strings       what happens while a question is answered
    without_engine, sounds     print, codes, light and colour of a picture; the ears and the voice
    conversations, pictures    what is kept for a client, in memory, for some minutes
    status_board               what the assistant is doing, for whoever may see it

It does not know HTTP.
"""
