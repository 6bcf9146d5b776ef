"""Who may come in: the names a browser may call us by, the token, a session in its place, and how often.

Pure: strings and clocks in, yes or no out. It does not know Flask.

A page of another site that a user has open can send requests to this machine. Two things keep it out. Its `Origin` is not
ours (CSRF). And if its name is made to resolve to this machine (DNS rebinding), the `Host` is that name, which is none of
ours: an address in figures cannot be rebound, so these are let through, and of names only those that were configured.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

LOGIN_PATH = "/login"
MAX_LOGIN_BYTES = 4096  # of a login form; more than a token and an address is not needed
SESSION_COOKIE = "seesay"
SESSION_SECONDS = 12 * 3600
_GUESSES_PER_MINUTE = 10  # of the token, from one client
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}))(?::(?P<port>\d{1,5}))?")
_MOST_CLIENTS = 1024  # whose requests are counted; the one not seen for longest is forgotten


def is_loopback(host: str) -> bool:
    """Whether nobody else can reach a server that listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_is_ours(host: str, names: frozenset[str]) -> bool:
    """`host` is the header's value; `names` are in lower case."""
    match = _HOST.fullmatch(host)
    if match is None or int(match["port"] or 0) > 65_535:
        return False
    name = match["name"].lower().rstrip(".")
    if name == "localhost" or name in names:
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def origin_is_ours(origin: str, host: str) -> bool:
    """The same host and port. Not the scheme: a proxy in front ends TLS, and what it called us by is in `Host`."""
    scheme, separator, netloc = origin.partition("://")
    if not separator or scheme not in ("http", "https"):
        return False  # "null" too: a sandboxed frame, a file
    default = {"http": ":80", "https": ":443"}[scheme]
    return netloc.lower().removesuffix(default) == host.lower().removesuffix(default)


def bearer_token(authorization: str) -> str | None:
    """The header's token; None where it has something else."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


class Tokens:
    """The one token, and sessions for browsers that have shown it. A session ends with the program."""

    def __init__(
        self,
        token: str,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._token = token.encode()
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._guesses = RateLimit(_GUESSES_PER_MINUTE, monotonic)  # one for all doors

    def try_token(self, client: str, given: str) -> tuple[bool, float]:
        """Whether it is the token; and for how many seconds none of this client's is looked at.

        Even the right one is not, of who has guessed too often: else guessing would go on.
        """
        if seconds := self._guesses.seconds_to_wait(client, count=False):
            return False, seconds
        is_right = hmac.compare_digest(given.encode("utf-8", "replace"), self._token)
        if not is_right:
            self._guesses.seconds_to_wait(client)
        return is_right, 0.0

    def new_session(self) -> str:
        ends_at = str(int(self._clock()) + SESSION_SECONDS)
        return f"{ends_at}.{self._signature(ends_at)}"

    def is_session(self, given: str) -> bool:
        ends_at, _, signature = given.partition(".")
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), self._signature(ends_at).encode()):
            return False
        return int(ends_at) > self._clock()  # signed by us: a number

    def has_session(self, cookies: str) -> bool:
        """The whole header: for what must be known before a request is whole."""
        from werkzeug.sansio.http import parse_cookie  # the application's: it takes any bytes

        return self.is_session(parse_cookie(cookies).get(SESSION_COOKIE, ""))

    def _signature(self, text: str) -> str:
        return hmac.new(self._key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


@dataclass
class _Bucket:
    left: float
    filled_at: float


class RateLimit:
    """So many a minute for each client, and as many at once: a bucket that fills evenly."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def seconds_to_wait(self, client: str, *, count: bool = True) -> float:
        """0 when the request may pass, which counts it unless it is only asked whether it might."""
        now = self._clock()
        with self._lock:
            bucket = self._buckets.pop(client, None) or _Bucket(float(self._per_minute), now)
            self._buckets[client] = bucket
            if len(self._buckets) > _MOST_CLIENTS:
                self._buckets.popitem(last=False)
            rate = self._per_minute / 60.0
            bucket.left = min(float(self._per_minute), bucket.left + (now - bucket.filled_at) * rate)
            bucket.filled_at = now
            if bucket.left >= 1.0:
                bucket.left -= count
                return 0.0
            return (1.0 - bucket.left) / rate
