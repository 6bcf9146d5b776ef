"""Checks that the models are there and whole, by the SHA-256 sums of their manifests, and what `seesay check` found."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import ModelMissing
from assistant.machine.doctor.finding import Finding, failure, ok, split_sentence, warning
from assistant.models import catalog
from assistant.models.checked import Result, read_result
from assistant.models.verified import damaged_file
from assistant.settings.config import Config


@dataclass(frozen=True)
class Model:
    """A model in use. `damaged` names a file that is not as it was fetched, and is "" where all are."""

    check: str
    folder: Path
    is_demo: bool
    has_sums: bool
    damaged: str = ""


def read_model(check: str, chosen: catalog.ChosenModel) -> Model:
    """Reads every byte of a model that has checksums: the full vision model's 4.3 GB take some ten seconds."""
    manifest = catalog.read_manifest(chosen.folder)
    damaged = damaged_file(chosen.folder, manifest) if manifest else None
    return Model(check, chosen.folder, chosen.is_demo, bool(manifest), damaged or "")


def judge_model(found: Model, language: str) -> Finding:
    if found.damaged:
        fetch = "seesay fetch" if language == "en" else f"seesay fetch --language {language}"
        fix = "install seesay again" if found.is_demo else f"delete {found.folder}, then run `{fetch}`"
        return failure(found.check, f"{found.folder} is damaged: {found.damaged} has changed", fix, missing=True)
    if found.is_demo:
        knows = (
            "hears only the words of its examples"
            if found.check == "speech-model"
            else "knows drawn shapes, colors, counts, places and large printed words only"
        )
        return warning(found.check, f"the small demo model is in use, which {knows}", "seesay fetch")
    if not found.has_sums:
        return ok(found.check, f"{found.folder} is in use; it has no checksums, so its bytes were not compared")
    return ok(found.check, f"{found.folder} is whole")


def check_speech_model(config: Config, environ: Mapping[str, str] = os.environ) -> list[Finding]:
    language = config.conversation.language
    try:
        model = read_model("speech-model", catalog.choose_speech(config.hearing.speech_model, language, environ))
        if not model.has_sums and not model.is_demo:
            catalog.speech_folder(config, environ)  # loads it in a child process
    except ModelMissing as problem:
        return [_as_finding("speech-model", problem)]
    return [judge_model(model, language)]


def check_vision_model(config: Config, environ: Mapping[str, str] = os.environ) -> list[Finding]:
    try:
        model = read_model("vision-model", catalog.choose_vlm(config.engine.model, environ))
    except ModelMissing as problem:
        return [_as_finding("vision-model", problem)]
    if model.is_demo and (left := catalog.models_folder(environ) / catalog.FULL_VLM.name).is_dir():
        return [
            failure(
                "vision-model",
                f"the full model at {left} is not whole, so the small demo model is in use",
                "seesay fetch",
                missing=True,
            )
        ]
    return [judge_model(model, config.conversation.language)]


def judge_check(found: Result | None, *, is_demo: bool) -> Finding:
    """What `seesay check` has found about the model in use."""
    if found is None and is_demo:
        return ok("model-check", "not checked on this machine; the demo model was measured before it was shipped")
    if found is None:
        return warning("model-check", "the model in use was not checked on this machine yet", "seesay check")
    says = f"checked on {found.checked_on}: {found.says}"
    if not found.is_good:
        return failure("model-check", says, "seesay check --again --html check.html", missing=True)
    return ok("model-check", says) if found.is_complete else warning("model-check", says, "seesay check")


def check_model_check(config: Config, environ: Mapping[str, str] = os.environ) -> list[Finding]:
    """Nothing where another computer answers, since a check is about this one."""
    if config.engine.backend != "local":
        return []
    try:
        model = catalog.choose_vlm(config.engine.model, environ)
    except ModelMissing:
        return []  # the check "vision-model" tells it
    return [judge_check(read_result(model.folder, environ), is_demo=model.is_demo)]


def _as_finding(check: str, problem: ModelMissing) -> Finding:
    says, fix = split_sentence(str(problem))
    return failure(check, says, fix, missing=True)
