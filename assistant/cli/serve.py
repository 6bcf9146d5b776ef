"""`seesay serve` serves the page and the API, alone or together with the conversation by voice."""

from __future__ import annotations

import argparse
import contextlib
from typing import Any

from assistant.cli.options import add_page_options, config_of


def add_verb(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Adds this verb to the command line. `verbs` is what argparse's add_subparsers returns."""
    serve = verbs.add_parser("serve", parents=[common], help="the page in a browser, and the API for other programs")
    add_page_options(serve)
    serve.add_argument(
        "--with-voice", action="store_true", help="beside the conversation by voice, with the same engine"
    )
    serve.set_defaults(do=_serve, has_no_other_end=True)


def _serve(arguments: argparse.Namespace) -> None:
    from assistant.wiring.assembly import Assembly
    from assistant.wiring.conversation import run
    from assistant.wiring.web import SideServer, serve, try_address, web_settings

    config = config_of(arguments)
    settings = web_settings(config, arguments.host, arguments.port, arguments.token_file)
    try_address(settings)  # before the model, which may take minutes to load
    with contextlib.ExitStack() as stack:
        if arguments.with_voice:
            assembly = Assembly(config, stack)
            assembly.choose_models()
            run(assembly, verbose=arguments.verbose, side_server=SideServer(settings))
        else:
            serve(Assembly(config, stack), settings)
