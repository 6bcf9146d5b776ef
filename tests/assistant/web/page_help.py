"""Helpers of the page's tests: choosing a picture, asking a question, and running axe-core."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.assistant.web.page_server import picture

UPLOAD = {"name": "circle.jpg", "mimeType": "image/jpeg", "buffer": picture()}
# This is axe-core 4.14.1 as published on npm, its dist file unchanged; MPL-2.0, with its licences beside it.
AXE = Path(__file__).with_name("axe.min.js")
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
_WCAG_2_2_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def upload(page: Page, file: Any = UPLOAD) -> None:
    page.locator("label[for=source-file]").click()
    page.locator("#file").set_input_files(file)
    expect(page.locator(".caption")).to_have_text(file["name"])


def ask(page: Page, question: str) -> None:
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")


def until(page: Page, condition: str | Callable[[], object]) -> None:
    """Waits for a condition.

    Playwright's own wait_for_function needs eval, which the page's security policy forbids.
    """
    for _ in range(400):
        if condition() if callable(condition) else page.evaluate(condition):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"never: {condition}")


def note_sounds(page: Page) -> None:
    """Makes `played` collect the length of each sound that was played to its end, in tenths of a second."""
    page.evaluate(
        """() => {
          window.played = [];
          const play = HTMLMediaElement.prototype.play;
          HTMLMediaElement.prototype.play = function () {
            let tenths;
            this.addEventListener("playing", () => (tenths = Math.round(this.duration * 10)), { once: true });
            this.addEventListener("ended", () => played.push(tenths), { once: true });
            return play.call(this);
          };
        }"""
    )


def violations(page: Page, state: str) -> None:
    """Runs axe-core, and fails with what it found and where."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())  # this way passes the page's security policy, which forbids foreign scripts
    found = page.evaluate(
        "async (tags) => (await axe.run(document, { runOnly: tags, resultTypes: ['violations'] })).violations"
        ".map((v) => `${v.id}: ${v.nodes.map((n) => n.target + ' ' + n.failureSummary).join('; ')}`)",
        _WCAG_2_2_AA,
    )
    assert found == [], state


def focus_is_visible(page: Page) -> bool:
    """Whether the element with the focus, or the label that stands for it, has an outline of 2 pixels or more."""
    return bool(
        page.locator(":focus").evaluate(
            """(element) => [element, element.nextElementSibling].some((e) => {
              const style = e && getComputedStyle(e);
              return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
            })"""
        )
    )


def focus_contrast(page: Page) -> float:
    """The contrast of the focus outline to the ground that it is drawn on (WCAG's formula).

    The outline is that of the element with the focus, or of the label that stands for it.
    """
    outline, ground = page.locator(":focus").evaluate(
        """(element) => {
          const shown = [element, element.nextElementSibling].find((e) => e && getComputedStyle(e).outlineStyle !== "none");
          const style = getComputedStyle(shown);
          let behind = parseFloat(style.outlineOffset) < 0 ? shown : shown.parentElement;
          while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
          return [style.outlineColor, getComputedStyle(behind).backgroundColor];
        }"""
    )
    lighter, darker = sorted((_luminance(outline), _luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """The luminance of "rgb(…)", from 0 to 1."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
