"""Addresses of receivers: what is accepted, and that no secret of one is shown."""

from __future__ import annotations

import pytest

from assistant.inspection.handing_on.addresses import MQTT_PORTS, WEBHOOK_PORTS, address_of, topic_of


def test_the_parts_of_an_address() -> None:
    """Ports have defaults, and what is percent-encoded is decoded where it counts."""
    address = address_of("https://cart:p%40ss@Hall3.example/a b?key=x y", WEBHOOK_PORTS)
    assert (address.scheme, address.host, address.port, address.is_encrypted) == ("https", "hall3.example", 443, True)
    assert (address.user, address.password, address.path, address.query) == ("cart", "p@ss", "/a%20b", "key=x%20y")
    plain = address_of("mqtt://[::1]/plant/hall%203", MQTT_PORTS)
    assert (plain.shown, plain.is_encrypted, topic_of(plain)) == ("mqtt://[::1]:1883", False, "plant/hall 3")
    assert address_of("mqtts://b/t", MQTT_PORTS).port == 8883
    assert address_of("http://b:8080", WEBHOOK_PORTS).path == "/"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ftp://hidden@b/t", "must begin with mqtt:// or mqtts://"), ("b/t", "must begin with"), ("mqtt://", "names no computer"),
        ("mqtt://b:0/t", "1 to 65535"), ("mqtt://b:99999/t", "cannot be read"), ("mqtt://[hidden/t", "cannot be read"),
        ("mqtt://b/t#hidden", '"#"'),
    ],
)  # fmt: skip
def test_a_wrong_address_is_refused_without_repeating_it(text: str, words: str) -> None:
    """It may hold a password, and the sentence is printed."""
    with pytest.raises(ValueError, match=words) as caught:
        address_of(text, MQTT_PORTS)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("path", ["", "/", "/a/%23", "/a/+/b", "/%00", "/" + "x" * 70_000])
def test_a_topic_that_nothing_can_be_published_to_is_refused(path: str) -> None:
    """Wildcards are for those who subscribe."""
    with pytest.raises(ValueError, match="topic"):
        topic_of(address_of(f"mqtt://b{path}", MQTT_PORTS))


def test_no_secret_is_shown() -> None:
    """The path of a webhook is often one, too."""
    address = address_of("https://cart:secret1@b/secret2?key=secret3", WEBHOOK_PORTS)
    assert "secret" not in repr(address) + address.shown


def test_the_key_stays_the_same_when_the_password_changes() -> None:
    """And differs for another path."""
    keys = {
        address_of(text, WEBHOOK_PORTS).key for text in ("https://a:b@h/p?x=1", "https://a:c@h/p?x=2", "https://h/p")
    }
    assert len(keys) == 1
    assert address_of("https://h/q", WEBHOOK_PORTS).key not in keys
