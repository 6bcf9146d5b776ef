"""The same engine for a browser and for other programs: the page, its API, and an OpenAI-compatible one.

    server, sockets   waitress: slow and leaving clients             what comes in as bytes
    app       Flask: routes, headers, errors                         what comes in as requests
    doors     who may come in: Host, Origin, token, requests a minute
    work_queue, answer                                               one question at a time through the one engine
    kept      pictures and sentences, for some minutes, in memory

It knows no microphone and no loudspeaker. Nothing here imports Flask or waitress until a server is built.
"""
