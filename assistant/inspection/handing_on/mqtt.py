"""A receiver of records behind an MQTT broker: each record is one message, with quality of service 1.

The broker's acknowledgement counts. Whether somebody subscribes to the topic, the broker does not tell. This module
does not know the journal, nor when it is tried again.
"""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.inspection.handing_on.addresses import Address, topic_of
from assistant.inspection.handing_on.receiver import Away, Refused, body_of
from assistant.inspection.record import Entry

if TYPE_CHECKING:
    from paho.mqtt.client import Client

CONNECT_SECONDS = 3.0  # for each of the host's addresses
ANSWER_SECONDS = 15.0  # for each acknowledgement
_PING_SECONDS = 10  # paho takes it for the longest wait for encryption, too; there are no pings in so short a time
_LOOK_SECONDS = 0.1  # how often it is checked whether the program ends


class MqttTopic:
    """See `Receiver`. It stays connected as long as records wait, and connects anew for the next ones.

    A connection that rests for hours would have to be kept alive, and would be found broken even so.
    """

    def __init__(
        self,
        address: Address,
        tls: ssl.SSLContext
        | None = None,  # the certificates that an mqtts broker is checked against; None: the system's
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ImportError if the package paho-mqtt is not installed, ValueError for a wrong topic."""
        import paho.mqtt.client as mqtt
        from paho.mqtt.enums import CallbackAPIVersion

        self._mqtt = mqtt
        self._callbacks = CallbackAPIVersion.VERSION2
        self._topic = topic_of(address)
        self.name = f"the MQTT broker at {address.shown}"
        self.key = address.key
        self.host = address.host
        self._address = address
        self._tls = (tls or ssl.create_default_context()) if address.is_encrypted else None
        self._clock = clock
        self._client: Client | None = None
        self._refusal = ""  # why the broker does not let us in; "": it does
        self._is_in = False
        self._is_interrupted = False

    def send(self, entry: Entry) -> None:
        """See `Receiver`."""
        try:
            client = self._client or self._connect()
            message = client.publish(self._topic, body_of(entry), qos=1)
            was_lost = self._wait(client, message.is_published)
        except TimeoutError:
            raise Away(f"{self.name} does not answer in time") from None
        except (OSError, ValueError, RuntimeError) as error:
            raise Away(f"{self.name} cannot be reached ({error})") from None
        if was_lost:  # some brokers do this with a message that they do not accept
            raise Refused(f"{self.name} refuses it (it has closed the connection)")

    def rest(self) -> None:
        """See `Receiver`."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.disconnect()
                client.loop(_LOOK_SECONDS)  # sends it

    def interrupt(self) -> None:
        """See `Receiver`."""
        self._is_interrupted = True

    def _connect(self) -> Client:
        """Raises Away, OSError, ValueError."""
        # A new client for each connection: an old one would by itself send again what was not acknowledged.
        client = self._mqtt.Client(self._callbacks, protocol=self._mqtt.MQTTv311, reconnect_on_failure=False)
        client.connect_timeout = CONNECT_SECONDS
        if self._tls is not None:
            client.tls_set_context(self._tls)
        if self._address.user or self._address.password:
            client.username_pw_set(self._address.user, self._address.password or None)
        self._is_in, self._refusal = False, ""

        def on_connect(_client: object, _data: object, _flags: object, reason: object, _properties: object) -> None:
            self._is_in = not getattr(reason, "is_failure", True)
            self._refusal = "" if self._is_in else str(reason)

        client.on_connect = on_connect
        client.connect(self._address.host, self._address.port, keepalive=_PING_SECONDS)
        was_lost = self._wait(client, lambda: self._is_in or bool(self._refusal))
        if self._refusal:
            raise Away(f"{self.name} does not let SeeSay in ({self._refusal}): check name and password")
        if was_lost:
            raise Away(f"{self.name} has closed the connection")
        self._client = client
        return client

    def _wait(self, client: Client, is_done: Callable[[], bool]) -> bool:
        """Reads and writes until it is done. Returns True if the connection was lost before.

        Raises Away, TimeoutError.
        """
        give_up_at = self._clock() + ANSWER_SECONDS
        while not is_done():
            if self._is_interrupted:
                raise Away(f"{self.name} is not asked any more")
            if self._clock() >= give_up_at:
                raise TimeoutError
            if client.loop(_LOOK_SECONDS) != self._mqtt.MQTT_ERR_SUCCESS:
                self._client = None
                return not is_done()
        return False
