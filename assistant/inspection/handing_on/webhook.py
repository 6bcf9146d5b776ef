"""A receiver of records over HTTP: each record is the body of a POST.

No redirection is followed and no proxy is used, so a record goes only to the address that the settings name. It does
not know the journal, nor when it is tried again.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import ssl
import threading

from assistant import __version__
from assistant.inspection.handing_on.addresses import Address
from assistant.inspection.handing_on.receiver import Away, Refused, body_of
from assistant.inspection.record import Entry

CONNECT_SECONDS = 3.0  # for each of the host's addresses, encryption included
ANSWER_SECONDS = 15.0  # from the last byte that was sent to the answer
_MOST_ANSWER_BYTES = 65_536  # what the answer says is of no interest; it is read so that the connection ends in order
# These tell of the moment and not of the record.
_PASSING = (408, 425, 429, 502, 503, 504)


class Webhook:
    """See `Receiver`. It connects anew for each record, because there may be minutes between two of them."""

    def __init__(self, address: Address, token: str | None = None, tls: ssl.SSLContext | None = None) -> None:
        """`tls` holds the certificates that an https server is checked against; None: the system's own."""
        self.name = f"the webhook at {address.shown}"
        self.key = address.key
        self.host = address.host
        self._address = address
        self._target = address.path + (f"?{address.query}" if address.query else "")
        self._authorization = _authorization(address, token)
        self._tls = (tls or ssl.create_default_context()) if address.is_encrypted else None
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_interrupted = False

    def send(self, entry: Entry) -> None:
        """See `Receiver`."""
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"SeeSay/{__version__}",
            "Idempotency-Key": entry.chain_sha256,  # the same for each try of a record, and for no other record
            "Connection": "close",
            **self._authorization,
        }
        connection = self._connection()
        try:
            connection.connect()
            self._hold(connection.sock)
            connection.sock.settimeout(ANSWER_SECONDS)
            connection.request("POST", self._target, body_of(entry), headers)
            response = connection.getresponse()
            response.read(_MOST_ANSWER_BYTES)
        except TimeoutError:
            raise Away(f"{self.name} does not answer in time") from None
        except (OSError, http.client.HTTPException) as error:
            raise Away(f"{self.name} cannot be reached ({_reason(error)})") from None
        finally:
            self._hold(None)
            connection.close()
        self._judge(response)

    def rest(self) -> None:
        """Nothing is open between two records."""

    def interrupt(self) -> None:
        """See `Receiver`."""
        with self._lock:
            self._is_interrupted = True
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._address.host, self._address.port
        if self._tls is not None:
            return http.client.HTTPSConnection(host, port, timeout=CONNECT_SECONDS, context=self._tls)
        return http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)

    def _hold(self, connected: socket.socket | None) -> None:
        """Notes the socket that `interrupt` has to end. Raises Away if it was called already."""
        with self._lock:
            self._socket = connected
            if connected is not None and self._is_interrupted:
                raise Away(f"{self.name} is not asked any more")

    def _judge(self, response: http.client.HTTPResponse) -> None:
        status = response.status
        if 200 <= status < 300:
            return
        if status in _PASSING:
            raise Away(f"{self.name} has no time now (status {status})", _seconds(response.getheader("Retry-After")))
        if 300 <= status < 400:
            raise Refused(f"{self.name} sends on to another address (status {status}): set that one")
        if status in (401, 403):
            raise Refused(f"{self.name} refuses the password or the token (status {status})")
        raise Refused(f"{self.name} refuses it (status {status})")


def _authorization(address: Address, token: str | None) -> dict[str, str]:
    if token is not None:
        return {"Authorization": f"Bearer {token}"}
    if address.user or address.password:
        pair = base64.b64encode(f"{address.user}:{address.password}".encode()).decode("ascii")
        return {"Authorization": f"Basic {pair}"}
    return {}


def _reason(error: Exception) -> str:
    """The error in a few printable words."""
    words = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return " ".join("".join(sign if sign.isprintable() else " " for sign in words[:200]).split())


def _seconds(retry_after: str | None) -> float | None:
    """The header as seconds. None if there is none, or if it is a date."""
    try:
        return max(0.0, float(retry_after)) if retry_after else None
    except ValueError:
        return None
