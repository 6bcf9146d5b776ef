"""A real broker, Eclipse Mosquitto, gets the records, is killed, and comes back."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.inspection.handing_on import mqtt as mqtt_module
from assistant.inspection.handing_on.addresses import MQTT_PORTS, address_of
from assistant.inspection.handing_on.handover import HandingOn, Handover
from assistant.inspection.handing_on.mqtt import MqttTopic
from assistant.inspection.handing_on.progress import Progress
from assistant.inspection.handing_on.receiver import Away, Refused, body_of
from assistant.inspection.journal import Journal
from assistant.inspection.record import Entry
from tests.assistant.inspection.handing_on.test_webhook import certificate  # noqa: F401 - a fixture
from tests.assistant.inspection.test_journal import JPEG, turn
from tests.vision.remote.fake_openai import free_port

SECONDS = 15.0
TOPIC = "plant/hall 3"
MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="no mosquitto: apt install mosquitto")


class Broker:
    """A mosquitto at a port of this machine, with a subscriber that notes what comes to the topic."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._subscriber: Any = None
        self._came = threading.Condition()
        self.messages: list[dict[str, Any]] = []

    def start(self) -> None:
        lines = [f"listener {self.port} 127.0.0.1", *(self._settings or ["allow_anonymous true"])]
        if "user" not in " ".join(lines):
            lines.append("user root")  # else mosquitto, started by root, would give up its rights to our files
        (self.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
        assert MOSQUITTO is not None
        self._process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self.folder / "mosquitto.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        give_up_at = time.monotonic() + SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert time.monotonic() < give_up_at, "mosquitto does not listen"
                assert self._process.poll() is None, "mosquitto has ended"
                time.sleep(0.02)

    def kill(self) -> None:
        self.unsubscribe()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def subscribe(self) -> None:
        import paho.mqtt.client as mqtt
        from paho.mqtt.enums import CallbackAPIVersion

        client = mqtt.Client(CallbackAPIVersion.VERSION2)
        ready = threading.Event()

        def on_message(_client: object, _data: object, message: Any) -> None:
            with self._came:
                self.messages.append(json.loads(message.payload))
                self._came.notify_all()

        client.on_message = on_message
        client.on_subscribe = lambda *given: ready.set()
        client.connect("127.0.0.1", self.port)
        client.subscribe("plant/#", qos=1)
        client.loop_start()
        assert ready.wait(SECONDS)
        self._subscriber = client

    def unsubscribe(self) -> None:
        client, self._subscriber = self._subscriber, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        with self._came:
            assert self._came.wait_for(lambda: len(self.messages) >= count, SECONDS)
            return list(self.messages)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    broker.start()
    broker.subscribe()
    yield broker
    broker.kill()


@pytest.fixture
def entry(tmp_path: Path) -> Entry:
    with Journal.write(tmp_path / "one") as journal:
        return journal.append(turn("is the valve open", note="阀门"), JPEG)


def topic(broker: Broker, user: str = "", scheme: str = "mqtt", **more: Any) -> MqttTopic:
    return MqttTopic(address_of(f"{scheme}://{user}127.0.0.1:{broker.port}/{TOPIC}", MQTT_PORTS), **more)


def test_records_are_published_as_the_json_export_has_them(broker: Broker, entry: Entry) -> None:
    """Over one connection as long as there are some, and over a new one afterwards."""
    receiver = topic(broker)
    receiver.send(entry)
    receiver.send(entry)
    receiver.rest()
    receiver.send(entry)
    receiver.rest()
    receiver.rest()
    assert broker.wait_for(3) == [json.loads(body_of(entry))] * 3
    assert broker.messages[0]["chain_sha256"] == entry.chain_sha256
    assert broker.messages[0]["number"] == 1


def test_a_broker_that_is_killed_and_comes_back_gets_every_record(tmp_path: Path, broker: Broker) -> None:
    """In order, each once, and nobody has to record anything new for it."""
    folder = tmp_path / "journal"
    told: list[str] = []
    with Journal.write(folder) as journal:
        handover = Handover(folder, topic(broker), Progress(folder), told.append)
        handover.begin(journal)
        journal.append(turn())
        assert handover.work() is None
        broker.wait_for(1)
        broker.kill()
        for _ in range(3):
            journal.append(turn())
        assert handover.work() == 1
        assert handover.work() == 2
        broker.start()
        broker.subscribe()
        assert handover.work() is None
        assert handover.waiting(journal) == 0
    assert [message["number"] for message in broker.wait_for(4)] == [1, 2, 3, 4]
    assert "cannot be reached" in told[0]
    assert told[1:] == [f"the MQTT broker at mqtt://127.0.0.1:{broker.port} gets the records again"]


def test_its_thread_sends_what_is_recorded(tmp_path: Path, broker: Broker) -> None:
    """And ends at the end of the program."""
    folder = tmp_path / "journal"
    with Journal.write(folder) as journal:
        handover = Handover(folder, topic(broker), Progress(folder), lambda sentence: None)
        handover.begin(journal)
        with HandingOn(handover, "hand-on") as thread:
            journal.append(turn())
            thread.wake()
            broker.wait_for(1)
            journal.append(turn())
    assert [message["number"] for message in broker.wait_for(2)] == [1, 2]


def test_name_and_password_are_checked_by_the_broker(tmp_path: Path, entry: Entry) -> None:
    """With wrong ones the records wait, and it is told what to check."""
    passwords = tmp_path / "passwords"
    passwords.touch()
    made = subprocess.run(
        ["mosquitto_passwd", "-b", str(passwords), "cart", "p@ss word"], check=False, capture_output=True
    )
    assert made.returncode == 0, made.stderr
    broker = Broker(tmp_path, "allow_anonymous false", f"password_file {passwords}")
    broker.start()
    try:
        right = topic(broker, "cart:p%40ss%20word@")
        right.send(entry)
        right.rest()
        for user in ("", "cart:wrong@"):
            with pytest.raises(Away, match=r"does not let SeeSay in .*: check name and password"):
                topic(broker, user).send(entry)
    finally:
        broker.kill()


# paho leaves a socket to the garbage collector when the handshake fails.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_certificate_is_checked(tmp_path: Path, entry: Entry, certificate: tuple[Path, Path]) -> None:  # noqa: F811
    """A broker whose certificate is not known gets no byte of a record."""
    broker = Broker(tmp_path, "allow_anonymous true", f"certfile {certificate[0]}", f"keyfile {certificate[1]}")
    broker.start()
    try:
        with pytest.raises(Away, match="CERTIFICATE_VERIFY_FAILED"):
            topic(broker, scheme="mqtts").send(entry)
        known = topic(broker, scheme="mqtts", tls=ssl.create_default_context(cafile=certificate[0]))
        known.send(entry)
        known.rest()
    finally:
        broker.kill()


def test_a_message_that_the_broker_does_not_take_is_a_refusal(tmp_path: Path, entry: Entry) -> None:
    """Mosquitto closes the connection then, and takes the next smaller one: so a record that is too long is skipped."""
    broker = Broker(tmp_path, "allow_anonymous true", "max_packet_size 4000")
    broker.start()
    broker.subscribe()
    folder = tmp_path / "journal"
    told: list[str] = []
    try:
        with Journal.write(folder) as journal:
            receiver = topic(broker)
            long = journal.append(turn("x" * 8000))
            with pytest.raises(Refused, match="closed the connection"):
                receiver.send(long)
            handover = Handover(folder, receiver, Progress(folder), told.append)
            handover.begin(journal)
            journal.append(turn("y" * 8000))
            journal.append(turn())
            while handover.work() is not None:
                assert len(told) < 5
        assert [message["number"] for message in broker.wait_for(1)] == [3]
        assert any("record 2 of the journal is not handed on" in sentence for sentence in told)
    finally:
        broker.kill()


def test_a_broker_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch, entry: Entry) -> None:
    """It listens and says nothing; and the end of the program does not wait for it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = address_of(f"mqtt://127.0.0.1:{silent.getsockname()[1]}/t", MQTT_PORTS)
        monkeypatch.setattr(mqtt_module, "ANSWER_SECONDS", 0.05)
        with pytest.raises(Away, match="does not answer in time"):
            MqttTopic(address).send(entry)
        monkeypatch.undo()
        receiver = MqttTopic(address)
        receiver.interrupt()
        with pytest.raises(Away, match="not asked any more"):
            receiver.send(entry)


def test_what_speaks_another_protocol_is_away(entry: Entry) -> None:
    """A web server at the port of the settings, say."""
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer() -> None:
            connection, _ = other.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(Away):
            MqttTopic(address_of(f"mqtt://127.0.0.1:{other.getsockname()[1]}/t", MQTT_PORTS)).send(entry)
        thread.join(SECONDS)


def test_nothing_of_paho_is_loaded_without_a_broker() -> None:
    """It is an optional package: a webhook works without it."""
    code = (
        "import sys; sys.modules['paho'] = None\n"
        "from assistant.inspection.handing_on.webhook import Webhook\n"
        "from assistant.wiring.inspection.handing_on import receivers_of\n"
        "from assistant.settings.config import JournalConfig\n"
        "print(receivers_of(JournalConfig(enabled=True, webhook_url='http://hall3/')).hosts)\n"
        "receivers_of(JournalConfig(enabled=True, mqtt_url='mqtt://hall3/t'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "hall3\n"
    assert "journal.mqtt_url needs the Python package paho-mqtt" in done.stderr
