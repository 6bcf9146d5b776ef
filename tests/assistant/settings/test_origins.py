"""Where each setting comes from, and how the settings are written."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from assistant.settings.config import Config, JournalConfig
from assistant.settings.config_reader import parse_config, parse_layers
from assistant.settings.origins import Setting, as_json, as_toml, settings_in_force


def in_force(text: str, profile: str | None = None) -> dict[str, Setting]:
    settings = settings_in_force(parse_config(text, "my.toml", profile), parse_layers(text, "my.toml", profile))
    return {f"{setting.table}.{setting.key}": setting for setting in settings}


def test_every_setting_is_there_once_and_says_where_it_comes_from() -> None:
    """The origin is a file's line, a profile that is built in or written, the option that chose it, or the default."""
    text = (
        "# mine\n[speaking]\nrate_wpm = 150\nvolume = 0.5\n[profile.cart.hearing]\nbarge_in = 'off'\n"
        "[profile.cart.prompt]\nen = '''\n\nSay little.'''\n"
    )
    settings = in_force(text, "cart")
    assert settings["speaking.rate_wpm"] == Setting("speaking", "rate_wpm", 150, "my.toml", 3)
    assert settings["speaking.volume"] == Setting("speaking", "volume", 1.0, "profile cart, built in")
    assert settings["hearing.barge_in"] == Setting("hearing", "barge_in", "off", "profile cart, my.toml", 6)
    assert settings["prompt.en"] == Setting("prompt", "en", "\nSay little.", "profile cart, my.toml", 8)
    assert settings["conversation.profile"] == Setting("conversation", "profile", "cart", "--profile")
    assert settings["engine.threads"] == Setting("engine", "threads", 0, "default")
    assert settings["speaking.rate_wpm"].where == "my.toml, line 3"
    sections = [getattr(Config(), f.name) for f in dataclasses.fields(Config) if f.name != "source"]
    assert len(settings) == sum(len(dataclasses.fields(section)) for section in sections)


def test_a_profile_that_the_file_chooses_has_the_file_s_line() -> None:
    """Without --profile, the choice of the profile is a setting like any other."""
    settings = in_force('[conversation]\nprofile = "button"\n')
    assert settings["conversation.profile"].where == "my.toml, line 2"
    assert settings["activation.by"].where == "profile button, built in"


@given(st.text(max_size=40), st.floats(0, 1), st.booleans())
def test_what_is_printed_is_a_configuration_that_says_the_same(prompt: str, volume: float, earcons: bool) -> None:
    """The TOML reads back to the same values, whatever characters and figures they hold."""
    config = dataclasses.replace(
        Config(),
        prompt=dataclasses.replace(Config().prompt, en=prompt),
        speaking=dataclasses.replace(Config().speaking, volume=volume, earcons=earcons),
    )
    printed = as_toml(settings_in_force(config, []))
    assert dataclasses.replace(parse_config(printed, "x"), source=config.source) == config


def test_as_json_each_key_has_its_value_and_its_origin() -> None:
    """The object is ordered by table and key, as the file is."""
    settings = [Setting("speaking", "volume", 0.5, "my.toml", 4), Setting("speaking", "voice", "")]
    assert as_json(settings) == {
        "speaking": {
            "volume": {"value": 0.5, "origin": "my.toml", "line": 4},
            "voice": {"value": "", "origin": "default", "line": None},
        }
    }


def test_a_password_in_an_address_is_not_shown() -> None:
    """People show this list to others who help them."""
    url = "https://me:secret@hall3/records"
    shown = settings_in_force(Config(journal=JournalConfig(webhook_url=url, mqtt_url="mqtts://me@hall3/t")), [])
    values = {setting.key: setting.value for setting in shown if setting.table == "journal"}
    assert (values["webhook_url"], values["mqtt_url"]) == ("https://…@hall3/records", "mqtts://…@hall3/t")
    plain = settings_in_force(Config(journal=JournalConfig(webhook_url="https://hall3/a@b")), [])
    assert "https://hall3/a@b" in [setting.value for setting in plain]
