"""The report of a check as text, and the sentences that the page shows as well. It computes no figure of its own.

Nothing in it comes from a picture, a name or a folder of the user, so it can be attached to a bug report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from assistant.answering.judging.doubt import DoubtRule
from assistant.check.tasks import KINDS
from assistant.check.thresholds import Trial, tally

TITLES = {
    "files": "comparing the files with their checksums",
    "ears": "speaking twenty commands and hearing them",
    "arithmetic": "comparing the arithmetic with transformers in float32",
    "speed": "measuring three kinds of question",
    "answers": "asking about drawn pictures",
}
HEADINGS = ("", "answers", "right", "wrong", "no claim", "doubted", "right and doubted", "wrong in a sure voice")
LEAST_DRAWN = 30  # answers about drawn pictures, before their rightness says something about the model
LEAST_RIGHT_SHARE = 0.25  # of them; whoever always says "no" is right about a fifth
_NAMES = {
    "color": "colour", "absent": "what is not there", "number": "number on a sign", "word": "word on a sign",
    "describe": "description", "blank": "wall, black, noise", "textless": "shapes without writing",
    "unreadable": "sign that cannot be read", "blurred": "out of focus",
}  # fmt: skip


def tables(trials: Sequence[Trial], rule: DoubtRule) -> dict[str, list[dict[str, Any]]]:
    """For each kind of question, what became of the answers: drawn scenes, and pictures of nothing."""
    found: dict[str, list[dict[str, Any]]] = {"drawn": [], "nothing": []}
    for group, is_drawn in (("drawn", True), ("nothing", False)):
        here = [trial for trial in trials if (trial.kind in KINDS) is is_drawn]
        for kind in dict.fromkeys(trial.kind for trial in here):
            found[group].append({"kind": kind, **asdict(tally([one for one in here if one.kind == kind], rule))})
        if here:
            found[group].append({"kind": "all", **asdict(tally(here, rule))})
    return found


def failures(
    parts: Mapping[str, Mapping[str, Any] | None],
    answers: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    is_random: bool,
) -> tuple[list[str], bool]:
    """What is certainly wrong, worst first, and whether a file is damaged. Random weights need not be right."""
    found = []
    damaged = [one for one in (parts["files"] or {}).get("models", ()) if one["damaged"]]
    for one in damaged:
        found.append(
            f"{one['damaged']} of {one['model']} is damaged: delete the model's folder, then run `seesay fetch`"
        )
    compared = parts["arithmetic"] or {}
    if "questions" in compared and compared["same_answers"] < compared["questions"]:
        found.append(
            f"{compared['questions'] - compared['same_answers']} of {compared['questions']} answers differ from those of "
            "transformers in float32: report it with this report"
        )
    drawn = _all_of(answers["drawn"])
    if not is_random and drawn["answers"] >= LEAST_DRAWN and drawn["right"] < LEAST_RIGHT_SHARE * drawn["answers"]:
        found.append(
            f"the model was right about {drawn['right']} of {drawn['answers']} drawn pictures only, so nothing that it says "
            "can be relied on: compare its files with the published ones, or use another model"
        )
    return found, bool(damaged)


def sentence(found: Mapping[str, Any]) -> str:
    """The result in one sentence, without its full stop."""
    if found["failures"]:
        return str(found["failures"][0])
    if found["model"]["is_random"]:
        says = f"the weights are random, so its answers have no meaning{_compared(found['parts']['arithmetic'])}"
        return f"{says}; not finished" if found["left"] else says
    parts = []
    drawn, nothing = _all_of(found["answers"]["drawn"]), _all_of(found["answers"]["nothing"])
    if drawn["answers"]:
        parts.append(f"{drawn['right']} of {drawn['answers']} drawn pictures right")
    if nothing["answers"]:
        parts.append(
            f"invented in a sure voice about {nothing['wrong_and_sure']} of {nothing['answers']} empty or blurred ones"
        )
    says = ", ".join(parts) or "nothing is wrong so far"
    return f"{says}; not finished" if found["left"] else says


def _all_of(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The last row of a table, which counts all kinds."""
    return rows[-1] if rows else asdict(tally([], DoubtRule()))


def _compared(part: Mapping[str, Any] | None) -> str:
    return "" if part is None or "left_out" in part else "; its arithmetic is that of transformers in float32"


def text(found: Mapping[str, Any]) -> str:
    """The whole report, a line for each fact, as a screen reader reads it well."""
    model = found["model"]
    lines = [
        f"{found['program']}, {found['date']}, {found['machine']['processor']}, {found['machine']['cores']} cores",
        f"model: {model['name']}, {model['parameters'] / 1e6:,.0f} million parameters, weights {model['weights_sha256'][:16]}",
        "",
    ]
    for _, said in sections(found):
        lines += said
    for group, title in (
        ("drawn", "drawn pictures with known answers"),
        ("nothing", "pictures of nothing, or hardly to be seen"),
    ):
        if rows := found["answers"][group]:
            lines += ["", f"{title}:", *(_row_text(row) for row in rows)]
    lines += ["", *doubt_lines(found["doubt"]), "", f"result: {found['says']}"]
    if found["left"]:
        lines.append(f"not done yet: {', '.join(found['left'])}; run `seesay check` again, it goes on where it ended")
    return "\n".join(lines)


def sections(found: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """The parts beside the answers: a title and the lines below it."""
    parts = found["parts"]
    made = {"files": _files, "arithmetic": _arithmetic, "ears": _ears, "speed": _speed}
    said = [(name, say(parts[name])) for name, say in made.items() if parts[name] is not None]
    times = ", ".join(f"{part} {seconds:.0f} s" for part, seconds in found["part_seconds"].items())
    return [*said, ("time", [f"time: {times}"])] if times else said


def cells(row: Mapping[str, Any]) -> list[str]:
    """A row of the answers' table."""
    figures = ("answers", "right", "wrong", "declined", "doubted", "right_doubted", "wrong_and_sure")
    return [_NAMES.get(row["kind"], row["kind"]), *(str(row[name]) for name in figures)]


def doubt_lines(doubt: Mapping[str, Any]) -> list[str]:
    """Which thresholds were found, on what evidence, and which are used from now on."""
    if doubt["hedge_below"] is None:
        return [f"doubt: no thresholds were found ({doubt['why_not']}), so they stay as they are"]
    before, after = doubt["with_before"], doubt["with_found"]
    used = {
        "found": "they are used from now on by run, ask and serve",
        "config": "the config names its own, which are used",
        "demo": "the demo model keeps its own, which were measured on more answers",
        "default": "",
    }[doubt["used"]]
    return [
        f"doubt: hedge_below = {doubt['hedge_below']:g}, cannot_tell_below = {doubt['cannot_tell_below']:g}, from "
        f"{doubt['answers']} answers; {used}",
        f"with them {after['wrong_and_sure']} of {after['wrong']} wrong answers sound sure and {after['right_doubted']} of "
        f"{after['right']} right ones are doubted; with {doubt['before'][0]:g} and {doubt['before'][1]:g} it would be "
        f"{before['wrong_and_sure']} and {before['right_doubted']}",
    ]


def _row_text(row: Mapping[str, Any]) -> str:
    name, *figures = cells(row)
    return f"  {name}: " + ", ".join(f"{figure} {title}" for figure, title in zip(figures, HEADINGS[1:], strict=True))


def _files(part: Mapping[str, Any]) -> list[str]:
    return [
        f"files: {one['damaged']} of {one['model']} is damaged"
        if one["damaged"]
        else f"files: {one['model']} is whole, {one['compared']} files compared"
        if one["compared"]
        else f"files: {one['model']} has no checksums, so its bytes were not compared"
        for one in part["models"]
    ]


def _arithmetic(part: Mapping[str, Any]) -> list[str]:
    if "left_out" in part:
        return [f"arithmetic: not compared ({part['left_out']})"]
    ties = f", {part['ties']} more as good as equal" if part["ties"] else ""
    return [
        f"arithmetic: {part['same_answers']} of {part['questions']} answers are those of transformers in float32 "
        f"({part['same_tokens']} of {part['tokens']} tokens the same{ties})"
    ]


def _ears(part: Mapping[str, Any]) -> list[str]:
    if "left_out" in part:
        return [f"ears: not checked ({part['left_out']})"]
    heard = part["commands"]
    wrong = [f"“{one['said']}” as “{one['heard']}”" for one in heard if not one["is_right"]]
    return [
        f"ears: {len(heard) - len(wrong)} of {len(heard)} commands of its own voice understood"
        + (f"; {', '.join(wrong)}" if wrong else "")
    ]


def _speed(part: Mapping[str, Any]) -> list[str]:
    lines = [
        f"speed: {one['title']}: {one['whole_seconds']:.1f} s for the whole answer, {one['ahead_seconds']:.1f} s with the picture "
        f"seen ahead ({1 / one['token_seconds']:.1f} tokens a second); the reference design reports {one['reference_seconds']:g} s"
        for one in part["kinds"]
    ]
    return [*lines, f"memory: {part['peak_bytes'] / 1e9:.2f} GB at most"]
