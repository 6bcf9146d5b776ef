"""The engine for a browser and for other programs: the page, its own API, and those of OpenAI and Ollama.

    server, sockets            bytes: waitress, with limits for slow clients and large bodies
    app, pages, journal_routes requests: Flask's routes, headers and errors
    access                     who may use it: Host, Origin, token, requests a minute
    services                   what the routes work with, built once at the start
    protocols/                 the bodies of questions as checked values, and the answers as each kind of client reads them
    answers/                   one question at a time through the one engine
    page/                      templates, scripts and styles of the page

It does not know microphones or loudspeakers. Flask and waitress are imported only when a server is built.
"""
