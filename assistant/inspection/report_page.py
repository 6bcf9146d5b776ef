"""The journal as one HTML page that can be read aloud, printed and handed in: what is outside its limits comes first.

The page loads nothing: pictures are in it, or beside it where the caller says so. It does not know where the records
come from.
"""

from __future__ import annotations

import base64
import datetime as dt
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.inspection.record import SKIP, Entry, Record
from assistant.language.phrases import ReportWords, phrases_for

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATES = Path(__file__).parent / "templates"
# Of a picture in the page, in pixels. A larger one does not fit beside its answer, and 100 of them would take 20 MB.
SHOWN_SIDE_PIXELS = 800
_JPEG_QUALITY = 80
DOUBTFUL = ("unsure", "cannot tell")


@dataclass(frozen=True)
class Summary:
    """What stands at the head of the page."""

    title: str
    span: str  # which records these are, in words
    newest_number: int  # in the whole journal
    newest_chain_sha256: str
    verdict: str  # what the check of the hash chain has found, one sentence
    is_right: bool  # False: the check has found a change
    language: str = "en"  # of all that stands around the records


@dataclass(frozen=True)
class Shown:
    """One record as the template shows it."""

    entry: Entry
    record: Record
    picture: str | None  # what the page loads: a data URI, or the address of a file
    words: ReportWords

    @property
    def kind(self) -> str:
        return self.words.kinds.get(self.record.kind, self.record.kind.replace("_", " ").capitalize())

    @property
    def heading(self) -> str:
        record = self.record
        return record.station or record.question or record.note or record.round_title or self.kind

    @property
    def doubt(self) -> str:
        """The doubt in words, "" where there is none."""
        return self.words.doubts.get(self.record.doubt, "")

    @property
    def limits(self) -> str:
        low, high, words = self.record.low, self.record.high, self.words
        if low is not None and high is not None:
            limits = words.and_at_most.format(low=f"{low:g}", high=f"{high:g}")
        elif low is not None:
            limits = words.at_least.format(limit=f"{low:g}")
        elif high is not None:
            limits = words.at_most.format(limit=f"{high:g}")
        else:
            return ""
        return f"{limits} {self.record.unit}".strip()

    @property
    def measured(self) -> str:
        return f"{self.record.value} {self.record.unit}".strip()

    @property
    def disagrees(self) -> bool:
        """True where the human gave a value, and the model or the reader has found another one."""
        record = self.record
        reading = record.reading.removesuffix(record.unit).strip()
        return bool(record.spoken and record.value and reading) and not _is_same(record.value, reading)

    @property
    def alternative(self) -> str:
        """The text in place of the picture, from the answer."""
        record = self.record
        about = record.station or record.question
        said = record.answer or self.measured
        picture = self.words.picture_for.format(about=about) if about else self.words.picture
        return ". ".join(filter(None, (picture, said and self.words.answer.format(said=said))))


def page_pieces(
    entries: Callable[[], Iterable[Entry]], summary: Summary, picture: Callable[[Entry], str | None] | None = None
) -> Iterator[str]:
    """The HTML text piece by piece, so that thousands of pictures need no memory.

    `entries` is asked for them several times. `picture` names what the page loads for a record; None: the picture is
    put into the page.
    """
    load, words = picture or embedded, phrases_for(summary.language).report

    def shown(*, is_out_of_limits: bool) -> Iterator[Shown]:
        for entry in entries():
            if entry.record is not None and entry.record.is_out_of_limits is is_out_of_limits:
                yield Shown(entry, entry.record, load(entry), words)

    counts = _counts([entry.record for entry in entries() if entry.record is not None])
    yield from _template().generate(
        summary=summary,
        counts=counts,
        words=words,
        outside=shown(is_out_of_limits=True),
        others=shown(is_out_of_limits=False),
    )


def embedded(entry: Entry) -> str | None:
    """The picture as a data URI, made smaller. None if there is none, or if it was deleted meanwhile or is damaged."""
    jpeg = None if entry.picture is None else reduced(entry.picture, SHOWN_SIDE_PIXELS)
    return None if jpeg is None else "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


def reduced(path: Path, side_pixels: int) -> bytes | None:
    """A picture as JPEG, no side longer than `side_pixels`. None if it was deleted meanwhile or is damaged."""
    from PIL import Image

    file = io.BytesIO()
    try:
        with Image.open(path, formats=("JPEG",)) as picture:
            picture.draft("RGB", (side_pixels, side_pixels))  # decodes only the detail that is needed
            picture.thumbnail((side_pixels, side_pixels), Image.Resampling.LANCZOS)
            picture.convert("RGB").save(file, "JPEG", quality=_JPEG_QUALITY)
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    return file.getvalue()


def _is_same(value: str, reading: str) -> bool:
    try:
        return float(value) == float(reading)
    except ValueError:
        return value.casefold() == reading.casefold()


def _counts(records: Sequence[Record]) -> dict[str, int]:
    return {
        "all": len(records),
        "outside": sum(record.is_out_of_limits for record in records),
        "doubtful": sum(record.doubt in DOUBTFUL for record in records),
        "skipped": sum(record.kind == SKIP for record in records),
    }


def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = _moment
    environment.filters["seconds"] = _seconds
    return environment.get_template("report.html")


def _moment(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _seconds(value: Any) -> str:
    return "" if value is None else f"{value:.1f} s"
