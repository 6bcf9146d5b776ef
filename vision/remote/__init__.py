"""Another computer's eyes: pictures and questions go to a serving engine on the site's own network.

`wire` is pure (what is sent, what comes back), `server` asks one such server over HTTP, `engine` makes of it what
`assistant.answering.capture` calls an engine, and `fallback` puts this machine's own engine in its place while it is
away. The only part of the program, beside `seesay fetch`, that opens a connection; nothing of it is imported unless
the configuration asks for it.
"""
