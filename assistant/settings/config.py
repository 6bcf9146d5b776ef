"""The settings: one frozen dataclass for each table of config.toml.

Every field has its default and the values that it accepts; its name says the unit. Where the part of `audio` or
`vision` that uses a setting has a default of its own, the field takes that one. It does not know how the file is read.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from assistant.button.gestures import ButtonSettings
from assistant.language.phrases import LANGUAGES, phrases_for
from audio.settings import MIN_COMMAND_CONFIDENCE, MIN_CONFIDENCE, VAD_AGGRESSIVENESS, EndpointSettings
from vision.engine.settings import MAX_NEW_TOKENS, EngineSettings
from vision.remote_settings import AGAIN_SECONDS, RemoteSettings, ServerSettings
from vision.settings import OPEN_TIMEOUT_SECONDS, PICTURE_HEIGHT, PICTURE_WIDTH

BUILT_IN = "the built-in defaults"


def _number(default: Any, low: float, high: float) -> Any:
    return field(default=default, metadata={"range": (low, high)})


def _path(default: str = "") -> Any:
    """A path, or what may be one: a leading ~ is the user's home folder, here and nowhere else."""
    return field(default=default, metadata={"path": True})


def _one_of(default: str, *others: str) -> Any:
    return field(default=default, metadata={"choices": (default, *others)})


def _address() -> Any:
    """An address that may hold a password. `origins` hides the password where it shows the settings."""
    return field(default="", metadata={"hides_password": True})


@dataclass(frozen=True)
class HearingConfig:
    """[hearing]: from the microphone to words."""

    input_device: str = ""
    speech_model: str = _path()
    vad_aggressiveness: int = _number(VAD_AGGRESSIVENESS, 0, 3)
    pre_roll_seconds: float = _number(EndpointSettings.pre_roll_seconds, 0.0, 2.0)
    min_speech_seconds: float = _number(EndpointSettings.min_speech_seconds, 0.03, 1.0)
    end_silence_seconds: float = _number(EndpointSettings.end_silence_seconds, 0.1, 5.0)
    max_utterance_seconds: float = _number(EndpointSettings.max_utterance_seconds, 2.0, 60.0)
    min_confidence: float = _number(MIN_CONFIDENCE, 0.0, 1.0)
    min_command_confidence: float = _number(MIN_COMMAND_CONFIDENCE, 0.0, 1.0)
    barge_in: str = _one_of("off", "stop_word", "any")


@dataclass(frozen=True)
class SpeakingConfig:
    """[speaking]: from words to the loudspeaker."""

    output_device: str = ""
    engine: str = _one_of("espeak", "piper")
    voice: str = ""
    piper_voice: str = _path()
    rate_wpm: int = _number(230, 80, 900)
    volume: float = _number(0.75, 0.0, 1.0)
    earcons: bool = True


@dataclass(frozen=True)
class SeeingConfig:
    """[seeing]: the camera, and how its picture is shown to the model."""

    camera: str = _path("0")
    width: int = _number(PICTURE_WIDTH, 0, 7680)
    height: int = _number(PICTURE_HEIGHT, 0, 4320)
    fit: str = _one_of("auto", "native", "pad", "crop", "stretch")
    open_timeout_seconds: float = _number(OPEN_TIMEOUT_SECONDS, 0.5, 60.0)
    ahead: str = _one_of("speech", "still", "off")
    ahead_every_seconds: float = _number(15.0, 1.0, 3600.0)
    ahead_joules_per_minute: float = _number(120.0, 0.0, 10_000.0)
    ahead_battery_percent: float = _number(50.0, 0.0, 100.0)


@dataclass(frozen=True)
class ReadingConfig:
    """[reading]: print that is read aloud, or helps the model. It computes with as many threads as the engine."""

    context: str = _one_of("auto", "off")
    idle_minutes: float = _number(5.0, 0.1, 1440.0)


@dataclass(frozen=True)
class EngineConfig:
    """[engine]: the vision-language model."""

    backend: str = _one_of("local", "openai")
    model: str = _path()
    threads: int = _number(EngineSettings.threads, 0, 64)
    max_new_tokens: int = _number(EngineSettings.max_new_tokens, 1, MAX_NEW_TOKENS)
    prefill_chunk_tokens: int = _number(EngineSettings.prefill_chunk_tokens, 1, 1024)
    temperature: float = _number(EngineSettings.temperature, 0.0, 2.0)
    top_k: int = _number(EngineSettings.top_k, 0, 1000)
    top_p: float = _number(EngineSettings.top_p, 0.01, 1.0)
    repetition_penalty: float = _number(EngineSettings.repetition_penalty, 1.0, 2.0)
    presence_penalty: float = _number(EngineSettings.presence_penalty, -2.0, 2.0)
    arithmetic: str = _one_of(EngineSettings.arithmetic, "transformers")


@dataclass(frozen=True)
class RemoteConfig:
    """[remote]: another computer's engine, for engine.backend = "openai"."""

    base_url: str = ""
    model: str = ""
    api_key_file: str = _path()
    ca_file: str = _path()
    fallback: str = _one_of("local", "none")
    again_seconds: float = _number(AGAIN_SECONDS, 1.0, 3600.0)
    picture_pixels: int = _number(RemoteSettings.picture_pixels, 224, 4096)
    connect_timeout_seconds: float = _number(ServerSettings.connect_timeout_seconds, 0.1, 60.0)
    answer_timeout_seconds: float = _number(ServerSettings.answer_timeout_seconds, 0.5, 600.0)
    silence_timeout_seconds: float = _number(ServerSettings.silence_timeout_seconds, 0.5, 120.0)
    retries: int = _number(ServerSettings.retries, 0, 5)


@dataclass(frozen=True)
class ConversationConfig:
    """[conversation]: the language, the picture that questions are about, and the profile."""

    language: str = _one_of("en", *(language for language in LANGUAGES if language != "en"))
    picture_seconds: float = _number(60.0, 0.0, 3600.0)
    while_answering: str = _one_of("cancel", "queue")
    profile: str = ""


@dataclass(frozen=True)
class LengthConfig:
    """[length]: how much of an answer the conversation tells at a time. 0 stands for no limit."""

    describe_seconds: float = _number(20.0, 0.0, 600.0)
    describe_tokens: int = _number(128, 0, MAX_NEW_TOKENS)
    read_seconds: float = _number(45.0, 0.0, 600.0)
    read_tokens: int = _number(256, 0, MAX_NEW_TOKENS)
    detail_seconds: float = _number(45.0, 0.0, 600.0)
    detail_tokens: int = _number(256, 0, MAX_NEW_TOKENS)
    yes_no_seconds: float = _number(8.0, 0.0, 600.0)
    yes_no_tokens: int = _number(48, 0, MAX_NEW_TOKENS)


@dataclass(frozen=True)
class PromptConfig:
    """[prompt]: what the model is told before it sees a picture. There is a key for each language."""

    def text(self, language: str) -> str:
        return str(getattr(self, language))


_PROMPT_KEYS = [
    (language, str, field(default=phrases_for(language).instructions, metadata={"longest": 2000}))
    for language in LANGUAGES
]
_PROMPTS: PromptConfig = dataclasses.make_dataclass("Prompts", _PROMPT_KEYS, bases=(PromptConfig,), frozen=True)()


@dataclass(frozen=True)
class ActivationConfig:
    """[activation]: what makes the assistant listen."""

    by: str = _one_of("open", "button", "wake_word", "button+wake_word")
    wake_phrase: str = ""
    listen_seconds: float = _number(6.0, 1.0, 60.0)


@dataclass(frozen=True)
class ButtonConfig:
    """[button]: which key is the button, and how it is pressed."""

    device: str = ""
    key: int = _number(0, 0, 767)
    grab: bool = False
    hold_seconds: float = _number(ButtonSettings.hold_seconds, 0.2, 5.0)
    double_press_seconds: float = _number(ButtonSettings.double_press_seconds, 0.1, 1.0)


@dataclass(frozen=True)
class DoubtConfig:
    """[doubt]: the thresholds below which an answer sounds unsure."""

    hedge_below: float = _number(0.2, 0.0, 1.0)
    cannot_tell_below: float = _number(0.2, 0.0, 1.0)
    spell_below: float = _number(0.9, 0.0, 1.0)
    looks_twice: bool = False
    measured: bool = True


@dataclass(frozen=True)
class JournalConfig:
    """[journal]: whether each turn is recorded, for how long, and who gets the records. 0 stands for without an end."""

    enabled: bool = False
    pictures: bool = False
    record_days: float = _number(0.0, 0.0, 36_500.0)
    picture_days: float = _number(30.0, 0.0, 36_500.0)
    picture_megabytes: float = _number(1000.0, 0.0, 500_000.0)
    webhook_url: str = _address()
    webhook_token_file: str = _path()
    mqtt_url: str = _address()
    ca_file: str = _path()


@dataclass(frozen=True)
class PowerConfig:
    """[power]: how much power the box may take, and how warm its processor may become."""

    govern: str = _one_of("on", "off")
    budget_watts: float = _number(10.0, 3.0, 500.0)
    other_watts: float = _number(0.0, 0.0, 400.0)
    max_temperature_c: float = _number(85.0, 40.0, 105.0)


@dataclass(frozen=True)
class WebConfig:
    """[web]: the page and the API of `seesay serve`."""

    host: str = "127.0.0.1"
    port: int = _number(8765, 0, 65_535)
    names: str = ""
    token_file: str = _path()
    trusted_proxy: str = ""
    queue: int = _number(8, 1, 64)
    requests_per_minute: int = _number(60, 1, 100_000)
    max_body_megabytes: float = _number(16.0, 0.1, 256.0)
    max_megapixels: int = _number(40, 1, 40)
    max_question_characters: int = _number(1000, 10, 2000)
    kept_pictures: int = _number(16, 1, 256)
    kept_minutes: float = _number(10.0, 0.1, 1440.0)
    ollama: bool = False
    show_last: str = _one_of("own", "all")
    announce_looks: str = _one_of("auto", "on", "off")


@dataclass(frozen=True)
class Config:
    """All settings. `source` says where they came from, for messages."""

    hearing: HearingConfig = HearingConfig()
    speaking: SpeakingConfig = SpeakingConfig()
    seeing: SeeingConfig = SeeingConfig()
    reading: ReadingConfig = ReadingConfig()
    engine: EngineConfig = EngineConfig()
    remote: RemoteConfig = RemoteConfig()
    conversation: ConversationConfig = ConversationConfig()
    length: LengthConfig = LengthConfig()
    prompt: PromptConfig = _PROMPTS
    activation: ActivationConfig = ActivationConfig()
    button: ButtonConfig = ButtonConfig()
    doubt: DoubtConfig = DoubtConfig()
    journal: JournalConfig = JournalConfig()
    power: PowerConfig = PowerConfig()
    web: WebConfig = WebConfig()
    source: str = field(default=BUILT_IN, metadata={"table": False})
