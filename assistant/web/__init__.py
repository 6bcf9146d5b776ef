"""The engine for a browser and for other programs: the page, its own API, and one that is compatible with OpenAI's.

    server, sockets            bytes: waitress, with limits for slow clients and large bodies
    app, api, v1, pages        requests: Flask's routes, headers and errors
    access                     who may use it: Host, Origin, token, requests a minute
    ask_request, chat_request  the body of a question as checked values
    work_queue, answer         one question at a time through the one engine
    expiring_store             pictures and sounds, for some minutes, in memory

It does not know microphones or loudspeakers. Flask and waitress are imported only when a server is built.
"""
