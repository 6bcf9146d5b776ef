"""Opens the journal that the config asks for, and tells what it cannot keep, aloud and at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping

from assistant import console
from assistant.errors import JournalError
from assistant.inspection.journal import Journal, Limits, journal_folder
from assistant.inspection.keeper import JournalKeeper, NotKept
from assistant.inspection.turns import TurnJournal
from assistant.language.phrases import phrases_for
from assistant.machine.service.unit import logs_words
from assistant.settings.config import Config, JournalConfig
from assistant.wiring.inspection.handing_on import NOBODY, Receivers, hand_on

_BYTES_PER_MEGABYTE = 1_000_000


def limits_of(config: JournalConfig) -> Limits:
    """How long and how much is kept."""
    return Limits(config.record_days, config.picture_days, round(config.picture_megabytes * _BYTES_PER_MEGABYTE))


def open_journal(
    config: Config,
    environ: Mapping[str, str],
    stack: contextlib.ExitStack,
    say_soon: Callable[[str], None],
    weights_sha256: Callable[[str], str],
    receivers: Receivers = NOBODY,
) -> TurnJournal | None:
    """The journal, which the stack closes. None where it cannot be opened: the reason is printed.

    `say_soon` says a sentence of the config's language. `weights_sha256` tells it of the model with this name.
    `receivers` get the records.
    """
    from assistant.web.answers.pictures import jpeg

    phrases, folder = phrases_for(config.conversation.language), journal_folder(environ)
    try:
        journal = Journal.write(folder)
    except JournalError as error:
        console.say(f"no journal is kept: {error}")
        return None

    def tell(lost: NotKept) -> None:
        console.say(lost.why)
        say_soon(phrases.journal.disk_full if lost.is_disk_full else phrases.journal.failed)

    def tell_recovery() -> None:
        console.say("the journal is kept again")
        say_soon(phrases.journal.works_again)

    on_stored = hand_on(receivers, journal, stack)
    keeper = JournalKeeper(
        journal,
        limits_of(config.journal),
        keeps_pictures=config.journal.pictures,
        on_failure=tell,
        on_recovery=tell_recovery,
        on_stored=on_stored,
    )
    stack.callback(_list_what_is_lost, keeper, environ)
    stack.enter_context(keeper)
    console.say(f"a journal of all questions{' and pictures' if config.journal.pictures else ''} is kept in {folder}")
    return TurnJournal(
        keeper,
        phrases,
        jpeg,
        profile=config.conversation.profile,
        language=config.conversation.language,
        handed_to=receivers.hosts,
        weights_sha256=weights_sha256,
    )


def _list_what_is_lost(keeper: JournalKeeper, environ: Mapping[str, str]) -> None:
    """Prints what could not be kept, a line for each record. In a service's log it is without the words."""
    for lost in keeper.not_kept:
        what = "the picture of" if lost.is_picture_only else "not in the journal:"
        record = lost.record
        words = record.question or record.note or record.station or record.kind
        quoted = f" {words!r}" if logs_words(environ) else ""
        console.say(f"{what} {record.at:%H:%M:%S}{quoted}: {lost.why}")
