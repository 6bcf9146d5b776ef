"""Goes through a whole round without devices: pictures and replies come from files, the rest is what runs otherwise.

The replies are typed words, so that hearing is left out. Everything else is real: the model, the readers, the rules, and
the journal. A simulated round has a title of its own, so that it is never taken for a real one.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant import console
from assistant.errors import AssistantError, UsageError
from assistant.inspection.rounds.checklist import Checklist, Station
from assistant.language.phrases import RoundCommand
from assistant.wiring.assembly import Assembly

if TYPE_CHECKING:
    from assistant.answering.pipeline import AnswerPipeline
    from assistant.answering.turn import Turn
    from assistant.conversation.event_queue import Event
    from assistant.conversation.modes.inspection_round import InspectionRound
    from vision.frame import Frame
    from vision.still import StillPicture

PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
REPLY_ENDINGS = (".txt",)
COMMENT = "#"
REPLY_SECONDS = 600.0  # the longest that one reply may take: the full model on a slow machine
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Files:
    """The files of a simulated round, by the name of the station."""

    pictures: Mapping[str, Path]
    replies: Mapping[str, Sequence[str]]


def simulated(checklist: Checklist) -> Checklist:
    """The same checklist under the title of a simulation."""
    return replace(checklist, title=f"{checklist.title} (simulated)")


def files_of(checklist: Checklist, pictures: Path, replies: Path) -> Files:
    """The picture and the replies of each station. A file is named after the station or its number, as in 3.png.

    Raises UsageError where one is missing, or cannot be read.
    """
    found_pictures, found_replies = {}, {}
    for number, station in enumerate(checklist.stations, 1):
        if station.step.looks:
            found_pictures[station.name] = _file(pictures, number, station, PICTURE_ENDINGS, "picture")
        path = _file(replies, number, station, REPLY_ENDINGS, "text of replies")
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read {path}: {error}") from None
        spoken = [line.strip() for line in lines]
        found_replies[station.name] = [line for line in spoken if line and not line.startswith(COMMENT)]
    return Files(found_pictures, found_replies)


def run_simulated(assembly: Assembly, checklist: Checklist, files: Files) -> None:
    """Goes through the round and prints what is said. Raises AssistantError where the replies do not suffice."""
    from assistant.conversation.conversation import Conversation
    from assistant.conversation.dialog import ConversationSettings
    from assistant.conversation.modes.reading_aloud import ReadingAloud
    from assistant.wiring.inspection.rounds import inspection_round, plan_round
    from audio.speaking.voice import NoVoice

    plan = plan_round(assembly, checklist)
    pictures = _Pictures(files.pictures)
    pipeline = assembly.start_pipeline(NoVoice(), frames=pictures, earcons=False, on_end=_print)
    inspection = inspection_round(assembly, pipeline, plan)
    user = _User(checklist, files.replies, pictures, pipeline, inspection, _last_replies(assembly))
    settings = ConversationSettings(
        assembly.config.conversation.picture_seconds, 0.0, assembly.doubt, takes_instructions=not assembly.is_demo
    )
    with contextlib.closing(pipeline), contextlib.closing(user.events()) as events:
        conversation = Conversation(
            events,
            pipeline,
            assembly.phrases,
            settings,
            on_heard=lambda utterance: console.heard(utterance, verbose=False),
            reading=ReadingAloud(pipeline, assembly.reader, assembly.phrases),
            inspection=inspection,
        )
        conversation.run(" ".join(filter(None, (plan.warnings, inspection.begin()))))


def _last_replies(assembly: Assembly) -> list[str]:
    """What is said once no station is open."""
    commands = assembly.phrases.round.commands
    return [next(iter(commands[command])) for command in (RoundCommand.REPORT, RoundCommand.FINISH)]


def _file(folder: Path, number: int, station: Station, endings: tuple[str, ...], what: str) -> Path:
    names = {station.name.casefold(), str(number)}
    try:
        files = sorted(folder.iterdir())
    except OSError as error:
        raise UsageError(f"cannot read the folder {folder}: {error.strerror}") from None
    for path in files:
        if path.suffix.lower() in endings and (path.stem.casefold() in names or path.stem.lstrip("0") in names):
            return path
    raise UsageError(
        f"there is no {what} of station {number} in {folder}: name it {number}{endings[0]} or {station.name}{endings[0]}"
    )


def _print(turn: Turn) -> None:
    if turn.error is not None:
        console.say(str(turn.error))
    if turn.said:
        console.result(f"seesay: {' '.join(turn.said)}")


class _Pictures:
    """A camera that stands before the station that the round is at. Any thread may call it."""

    live = False

    def __init__(self, paths: Mapping[str, Path]) -> None:
        """Raises PictureError where a file is no picture, before the round begins."""
        from vision.still import StillPicture

        self._pictures = {name: StillPicture(path) for name, path in paths.items()}
        self._at: StillPicture | None = next(iter(self._pictures.values()), None)

    def go_to(self, station: Station) -> None:
        """Stands before a station. At one without a picture the camera shows the same as before."""
        self._at = self._pictures.get(station.name, self._at)

    @property
    def picture_size(self) -> tuple[int, int] | None:
        return None if self._at is None else self._at.picture_size

    def capture(self, timeout_seconds: float = 5.0, cancelled: threading.Event | None = None) -> Frame:
        from vision.errors import CameraMissing

        if self._at is None:
            raise CameraMissing("this simulated round has no pictures")
        return self._at.capture(timeout_seconds, cancelled)

    def burst(
        self, pictures: int = 3, timeout_seconds: float = 5.0, cancelled: threading.Event | None = None
    ) -> tuple[Frame, ...]:
        return (self.capture(timeout_seconds, cancelled),)

    def close(self) -> None:
        """There is nothing to close."""


class _User:
    """Says the replies of each station, one after the other, whenever nothing is being said or looked at."""

    def __init__(
        self,
        checklist: Checklist,
        replies: Mapping[str, Sequence[str]],
        pictures: _Pictures,
        pipeline: AnswerPipeline,
        inspection: InspectionRound,
        last: Sequence[str],
    ) -> None:
        self._replies = {station.name: deque(replies[station.name]) for station in checklist.stations}
        self._pictures = pictures
        self._pipeline = pipeline
        self._inspection = inspection
        self._last = deque(last)

    def events(self) -> Generator[Event, None, None]:
        """All events of the conversation, until the round has ended."""
        from audio.listening.hearing import Utterance

        while True:
            yield from self._wait()
            moment = self._inspection.moment
            if self._inspection.has_ended:
                return
            self._pictures.go_to(moment.station)
            now = time.monotonic()
            yield Utterance(self._next_reply(), 1.0, now, now)

    def _wait(self) -> Generator[Event, None, None]:
        from assistant.conversation.event_queue import Tick

        give_up_at = time.monotonic() + REPLY_SECONDS
        while self._pipeline.busy or self._inspection.is_looking:
            if time.monotonic() > give_up_at:
                raise AssistantError(f"nothing happened for {REPLY_SECONDS:.0f} s after a reply")
            yield Tick(time.monotonic())
            time.sleep(_POLL_SECONDS)

    def _next_reply(self) -> str:
        moment = self._inspection.moment
        replies = self._last if not moment.progress.open_stations else self._replies[moment.station.name]
        if not replies:
            turn = self._inspection.turn
            asked = "" if turn is None else " ".join(turn.said)
            raise AssistantError(
                f"the replies of the station {moment.station.name!r} are used up, and it was asked: {asked}"
            )
        return replies.popleft()
