"""`seesay mcp` gives agents on this machine tools to look, ask and read, over the Model Context Protocol."""

from __future__ import annotations

import argparse
from typing import Any

from assistant.cli.options import add_page_options, config_of


def add_verb(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Adds this verb to the command line. `verbs` is what argparse's add_subparsers returns."""
    mcp = verbs.add_parser("mcp", parents=[common], help="tools for agents on this machine: look, ask, read, status")
    add_page_options(mcp)
    mcp.set_defaults(do=_mcp)


def _mcp(arguments: argparse.Namespace) -> None:
    from assistant.wiring.agents import serve_agents

    serve_agents(config_of(arguments), arguments.host, arguments.port, arguments.token_file)
