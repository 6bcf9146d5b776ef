"""`seesay round` goes through a checklist by voice, or through a simulated round from files."""

from __future__ import annotations

import argparse
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from assistant.cli.options import add_page_options, config_of
from assistant.errors import UsageError
from assistant.files import user_path
from assistant.settings.config import Config

if TYPE_CHECKING:
    from assistant.inspection.rounds.checklist import Checklist
    from assistant.wiring.web import SideServer

USUAL_PROFILE = "cart"  # if neither the command line nor the configuration names one


def add_verb(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Adds this verb to the command line. `verbs` is what argparse's add_subparsers returns."""
    verb = verbs.add_parser(
        "round",
        parents=[common],
        help="an inspection round by voice, from a checklist",
        description="Goes through the stations of a checklist by voice, with the journal on. A round that was interrupted "
        "goes on where it stopped. docs/inspection.md has all of it, docs/examples/pump-room.toml is an example.",
    )
    verb.add_argument("checklist", type=user_path, metavar="FILE", help="the checklist, a TOML file")
    verb.add_argument(
        "--simulate",
        nargs=2,
        type=user_path,
        metavar=("PICTURES", "ANSWERS"),
        help="no devices: a folder with a picture for each station, and one with a text of replies, a line each",
    )
    verb.add_argument(
        "--with-page", action="store_true", help="beside the page in a browser, which shows the round live"
    )
    add_page_options(verb)
    verb.add_argument("--json", action="store_true", help="one JSON object for each answered question")
    verb.set_defaults(do=_round)


def _round(arguments: argparse.Namespace) -> None:
    """Raises ChecklistError or UsageError before anything is loaded if the checklist or an option has a fault."""
    from assistant.inspection.rounds.checklist_file import load_checklist
    from assistant.language.phrases import phrases_for
    from assistant.wiring.assembly import Assembly

    config = _config(arguments)
    side_server = _page(config, arguments)
    checklist = load_checklist(arguments.checklist, phrases_for(config.conversation.language))
    if arguments.simulate is not None:
        _simulate(config, arguments, checklist)
        return
    from assistant.wiring.conversation import run

    with contextlib.ExitStack() as stack:
        assembly = Assembly(config, stack)
        assembly.choose_models()
        run(assembly, verbose=arguments.verbose, as_json=arguments.json, side_server=side_server, checklist=checklist)


def _page(config: Config, arguments: argparse.Namespace) -> SideServer | None:
    """The page beside the round, None if none is wanted. Raises UsageError."""
    if not arguments.with_page:
        if (arguments.host, arguments.port, arguments.token_file) != (None, None, None):
            raise UsageError("--host, --port and --token-file say where the page is: give --with-page too")
        return None
    if arguments.simulate is not None:
        raise UsageError("--with-page shows a round by voice: leave out --simulate or --with-page")
    from assistant.wiring.web import SideServer, web_settings

    return SideServer(web_settings(config, arguments.host, arguments.port, arguments.token_file))


def _simulate(config: Config, arguments: argparse.Namespace, checklist: Checklist) -> None:
    from assistant.wiring.assembly import Assembly
    from assistant.wiring.inspection.simulated import files_of, run_simulated, simulated

    # Other computers get no records of a simulated round.
    config = replace(config, journal=replace(config.journal, webhook_url="", mqtt_url=""))
    pictures, answers = arguments.simulate
    files = files_of(checklist, pictures, answers)
    with contextlib.ExitStack() as stack:
        assembly = Assembly(config, stack)
        assembly.choose_models()
        run_simulated(assembly, simulated(checklist), files)


def _config(arguments: argparse.Namespace) -> Config:
    """The configuration, with the journal on. Its profile is `cart` if none is named."""
    config = config_of(arguments)
    if not config.conversation.profile and arguments.profile is None:
        arguments.profile = USUAL_PROFILE
        config = config_of(arguments)
    return replace(config, journal=replace(config.journal, enabled=True))
