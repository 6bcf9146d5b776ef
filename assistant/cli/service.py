"""`seesay service` has systemd start SeeSay with the machine, takes it out again, and tells how it is.

It does not know what is in the unit, nor how systemd is told.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from assistant import console
from assistant.cli.options import config_file_of, config_of, whole_number_up_to
from assistant.errors import AssistantError
from assistant.files import user_path

_LINES = 100


def add_verb(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Adds this verb to the command line. `verbs` is what argparse's add_subparsers returns."""
    service = verbs.add_parser("service", parents=[common], help="start SeeSay with the machine, as a systemd service")
    service.description = (
        "Has this user's systemd start SeeSay with the machine, and again after a fault. The log has messages only, not"
        " what was said. The exit status of `status` is 0 if the service runs or is starting, and 1 if not."
    )
    actions = service.add_subparsers(title="actions", metavar="install|uninstall|status|logs", required=True)

    installing = actions.add_parser(
        "install", help="put it in and start it; again after a change of the settings' place"
    )
    # The same options as before the action. They have no default here, which would replace what stands there.
    for names, options in (
        (("--config",), {"type": user_path, "metavar": "FILE", "help": "settings, as they are found now if not named"}),
        (("--profile",), {"metavar": "NAME", "help": "the profile to run with"}),
        (("-v", "--verbose"), {"action": "store_true", "help": "the log has how long each part of a turn took"}),
    ):
        installing.add_argument(*names, default=argparse.SUPPRESS, **options)
    pages = installing.add_mutually_exclusive_group()
    pages.add_argument("--page", action="store_true", help="with the page and the API (`seesay serve --with-voice`)")
    pages.add_argument("--page-only", action="store_true", help="the page and the API without voice (`seesay serve`)")
    installing.add_argument("--log-words", action="store_true", help="the log also has questions and answers")
    installing.add_argument("--print", action="store_true", help="print the unit, and install nothing")
    installing.set_defaults(do=_install)

    uninstalling = actions.add_parser("uninstall", help="end it, and start it no more")
    uninstalling.set_defaults(do=_uninstall)

    telling = actions.add_parser("status", help="how it is, and whether it starts with the machine")
    telling.set_defaults(do=_status)

    logging = actions.add_parser("logs", help=f"its newest messages, and what systemd says of it ({_LINES} lines)")
    logging.add_argument("--follow", "-f", action="store_true", help="go on with new ones until Ctrl-C")
    logging.add_argument(
        "--lines", type=_lines, default=_LINES, metavar="N", help="how many old ones (default: %(default)s)"
    )
    logging.set_defaults(do=_logs)


def _lines(text: str) -> int:
    return whole_number_up_to(text, 100_000)


def _install(arguments: argparse.Namespace) -> None:
    from assistant.machine.service import manager
    from assistant.machine.service.unit import unit_text
    from assistant.wiring.service import unit_settings

    config = config_of(arguments)
    settings = unit_settings(
        config,
        command_of(arguments, program()),
        os.environ,
        page=arguments.page or arguments.page_only,
        logs_words=arguments.log_words,
    )
    text = unit_text(settings)
    if arguments.print:
        console.piece(text)
        return
    for folder in settings.writable:  # what is not there when the service starts could not be made by it
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AssistantError(f"the folder {folder} cannot be made: {error.strerror}") from None
    path = manager.install(text, os.environ)
    console.result(f"the service is installed and starting: {path}")
    console.say("`seesay service status` tells how it is, `seesay service logs` why it is not well")
    _tell_of_boot()


def program() -> tuple[str, ...]:
    """The command that runs this very installation, whatever the search path is."""
    script = Path(sys.executable).with_name("seesay")  # not resolved: the interpreter of a venv is a link
    return (str(script),) if script.is_file() else (sys.executable, "-m", "seesay_app")


def command_of(arguments: argparse.Namespace, program: tuple[str, ...]) -> tuple[str, ...]:
    """The command of the service: the program, its verb, and the settings that are in use here and now."""
    verb = ("serve",) if arguments.page_only else ("serve", "--with-voice") if arguments.page else ("run",)
    file = config_file_of(arguments)
    config = () if file is None else ("--config", str(file.absolute()))
    profile = () if arguments.profile is None else ("--profile", arguments.profile)
    return (*program, *verb, *config, *profile, *(("--verbose",) if arguments.verbose else ()))


def _tell_of_boot() -> None:
    """Tells what is missing for a start without anybody signed in."""
    from assistant.machine import lingering
    from assistant.machine.doctor.groups_and_services import groups_missing

    if lingering.is_lingering(lingering.read_lingering()) is not True and os.geteuid() != 0:
        console.say(f"it starts when you sign in; to have it start with the machine: {lingering.ENABLE}")
    if missing := groups_missing():
        console.say(
            f"while nobody is signed in, only members of the groups {' and '.join(missing)} may use its devices:"
            f" sudo usermod -aG {','.join(missing)} $USER, then start the machine again"
        )


def _uninstall(arguments: argparse.Namespace) -> None:
    from assistant.machine.service import manager

    console.result(f"the service is ended and removed: {manager.uninstall(os.environ)}")


def _status(arguments: argparse.Namespace) -> None:
    from assistant.machine.service import manager

    state = manager.read_state()
    words = manager.in_words(state)
    if not state.is_known or state.active not in ("active", "activating", "reloading"):
        raise AssistantError(words)
    console.result(words)
    if state.at_boot:
        _tell_of_boot()
    else:
        console.say("it is not started by itself: `seesay service install` changes that")


def _logs(arguments: argparse.Namespace) -> None:
    from assistant.machine.service import manager

    command = manager.log_command(arguments.lines, follow=arguments.follow)
    try:
        status = subprocess.run(command, check=False).returncode
    except OSError as error:
        raise AssistantError(f"{command[0]} cannot be run: {error.strerror}") from None
    if status:
        raise AssistantError("the log cannot be read: sudo usermod -aG systemd-journal $USER, then sign in again")
