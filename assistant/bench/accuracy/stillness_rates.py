"""Measures how often two pictures of a scene are rightly told to show the same, and what watching for that costs.

`python -m assistant.bench.accuracy.stillness_rates` makes 500 scenes with a change that matters and 500 without, as a
camera on a stand would show them, and prints how many of the first are taken for the same (there must be none) and how
many of the second for changed (which costs only time). It also prints the processor's time. `--margins` prints the
margins. The tables are for docs/framing.md.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from assistant import console
from assistant.bench.accuracy.drawn.videos import CHANGES, Script
from vision.frame import Frame
from vision.stillness import (
    PATCH_LEVELS,
    STILL_SECONDS,
    Difference,
    StillWatch,
    compare,
    glimpse_of,
    has_moved,
    scene_of,
)

SCENES = 500
FIRST_SEED = 20_000
VIDEO_SECONDS, VIDEO_INTERVAL_SECONDS = 1.75, 0.35
TIMED_CALLS = 20


def margin_of(difference: Difference) -> float:
    """How far the clearest sign of a change is from its limit: above 1 it counts as a change."""
    return max(difference.block_ratio, difference.patch_levels / PATCH_LEVELS)


def changed_and_unchanged(seed: int) -> tuple[str, Difference, Difference]:
    """The kind of a scene's change, the difference that is found then, and the one that is found without a change."""
    script, kind = Script(seed), CHANGES[seed % len(CHANGES)]
    scene, camera = script.scene(), script.camera()
    before = scene_of(script.frame(scene, camera))
    same = script.frame(scene, script.later(camera))
    after = script.frame(script.changed(scene, kind), script.later(camera))
    return kind, compare(before, scene_of(after)), compare(before, scene_of(same))


def still_video(seed: int) -> bool:
    """Whether a video in which nothing moves is told to stand still at its end."""
    script, watch, still_seconds = Script(seed), StillWatch(), 0.0
    scene, camera = script.scene(), script.camera()
    for at in np.arange(0.0, VIDEO_SECONDS, VIDEO_INTERVAL_SECONDS):
        still_seconds = watch.note(glimpse_of(script.frame(scene, script.next(camera))), float(at))
    return still_seconds >= STILL_SECONDS


def sees_the_hand(seed: int) -> bool:
    """Whether a hand that comes in is noticed as a movement."""
    script = Script(seed)
    scene, camera = script.scene(), script.camera()
    before = glimpse_of(script.frame(scene, camera))
    return has_moved(before, glimpse_of(script.frame(script.changed(scene, "hand"), script.later(camera))))


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description="how often a still and a changed scene are told apart")
    parser.add_argument("--scenes", type=int, default=SCENES, help=f"of each sort; {SCENES} without this option")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED, help="the scenes are drawn from this seed on")
    parser.add_argument(
        "--margins", action="store_true", help="also print the weakest changes and strongest non-changes"
    )
    given = parser.parse_args()
    seeds = range(given.first_seed, given.first_seed + given.scenes)
    found_of = [changed_and_unchanged(seed) for seed in seeds]
    changed = [(kind, found) for kind, found, _ in found_of]
    unchanged = [found for _, _, found in found_of]
    console.result("| change | scenes | taken for the same |\n|---|---|---|")
    for kind in CHANGES:
        of_kind = [found for other, found in changed if other == kind]
        console.result(f"| {kind} | {len(of_kind)} | {sum(not found.matters for found in of_kind)} |")
    console.result(f"| all | {len(changed)} | {sum(not found.matters for _, found in changed)} |")
    taken = sum(found.matters for found in unchanged)
    console.result(f"\n| no change | {len(unchanged)} | {taken} taken for changed |\n|---|---|---|")
    videos = [still_video(seed) for seed in seeds[: given.scenes // 5]]
    hands = [sees_the_hand(seed) for seed in seeds[: given.scenes // 5]]
    console.result(f"| videos in which nothing moves | {len(videos)} | {videos.count(False)} never told to be still |")
    console.result(f"| a hand comes in | {len(hands)} | {hands.count(False)} not noticed as a movement |")
    if given.margins:
        _print_margins(changed, unchanged)
    _print_seconds()


def _print_margins(changed: list[tuple[str, Difference]], unchanged: list[Difference]) -> None:
    console.result("\nweakest changes (the limit is 1):")
    for kind in CHANGES:
        margins = sorted(margin_of(found) for other, found in changed if other == kind)
        console.result(f"  {kind}: {', '.join(f'{margin:.2f}' for margin in margins[:6])}")
    for name, values in (
        ("block", [found.block_ratio for found in unchanged]),
        ("patch", [found.patch_levels / PATCH_LEVELS for found in unchanged]),
    ):
        shares = ", ".join(f"{share:.0%} below {np.quantile(values, share):.2f}" for share in (0.5, 0.9, 0.99, 1.0))
        console.result(f"  unchanged, {name}: {shares}")


def _print_seconds() -> None:
    script = Script(FIRST_SEED)
    frame = script.frame(script.scene(), script.camera())
    scene, width, height = scene_of(frame), frame.rgb.shape[1], frame.rgb.shape[0]
    console.result(f"\nprocessor time for {width}×{height} pixels:")
    calls: dict[str, Callable[[Frame], object]] = {
        "a glimpse": glimpse_of,
        "a scene": scene_of,
        "a comparison": lambda _: compare(scene, scene),
    }
    for name, call in calls.items():
        began = time.process_time()
        for _ in range(TIMED_CALLS):
            call(frame)
        console.result(f"  {name}: {1000 * (time.process_time() - began) / TIMED_CALLS:.1f} ms")


if __name__ == "__main__":
    main()
