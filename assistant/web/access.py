"""Who may use the server: which names and origins are ours, the token, the session in its place, and limits on how
often.

It takes strings and clocks and returns yes or no. It does not know Flask or waitress.

A page of another site that is open in a user's browser can send requests to this machine. Two checks keep it out:

- Its `Origin` is not ours. This stops cross-site request forgery (CSRF).
- An attacker can make a name of his own resolve to this machine (DNS rebinding). The `Host` header then has that name,
  which is not ours. An IP address cannot be rebound, so every address is accepted, and of names only `localhost` and
  the configured ones.
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
LOGOUT_PATH = "/logout"
MAX_LOGIN_BYTES = 4096  # of a login form: it has one token and one address
SESSION_COOKIE = "seesay"
SESSION_SECONDS = 12 * 3600
_GUESSES_PER_MINUTE = 10  # wrong tokens from one client
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}))(?::(?P<port>\d{1,5}))?")
SHORTEST_PAUSE_SECONDS = 1.0  # between two looks of an open page
LONGEST_PAUSE_SECONDS = 60.0
_MOST_CLIENTS = 1024  # A rate limit counts so many clients, and forgets the one that it has not seen for longest.


@dataclass(frozen=True)
class Client:
    """Who sent a request."""

    address: str = ""  # of a trusted proxy's client, where one stands in front
    session: str = ""  # the number of its session; "" for a program, or where no token is needed

    @property
    def asker(self) -> str:
        """What tells this client from others. Two clients at one address are told apart only by their sessions."""
        return f"session {self.session}" if self.session else f"address {self.address}"

    @property
    def is_on_this_machine(self) -> bool:
        return is_loopback(self.address)


def is_loopback(host: str) -> bool:
    """True when a server that listens at `host` can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_is_ours(host: str, names: frozenset[str]) -> bool:
    """True when the `Host` header holds an IP address, `localhost`, or one of `names`, which are in lower case."""
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
    """True when the `Origin` header has the host and port of the `Host` header.

    The scheme may differ: a proxy in front of us may have ended the encryption, and it passes `Host` on unchanged.
    """
    scheme, separator, netloc = origin.partition("://")
    if not separator or scheme not in ("http", "https"):
        return False  # This covers "null", which a sandboxed frame or a local file sends.
    default = {"http": ":80", "https": ":443"}[scheme]
    return netloc.lower().removesuffix(default) == host.lower().removesuffix(default)


def bearer_token(authorization: str) -> str | None:
    """The token in an `Authorization` header, or None when the header holds something else."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


class Tokens:
    """Checks the server's one token, and the sessions that browsers get for it.

    A session is a signed time at which it ends, with a number of its own. The key is new with every start of the program,
    so a session also ends with it.
    """

    def __init__(
        self,
        token: str,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        from itsdangerous import Signer  # imported here: the command line imports this module for less

        self._token = token.encode()
        self._clock = clock
        self._signer = Signer(
            secrets.token_bytes(32), salt="seesay session", key_derivation="hmac", digest_method=hashlib.sha256
        )
        self._ending = threading.Lock()
        self._ended: dict[
            str, int
        ] = {}  # the numbers of sessions that were ended, with the time until which they count
        self._guesses = RateLimit(_GUESSES_PER_MINUTE, monotonic)  # all ways of showing a token count together

    def try_token(self, client: str, given: str) -> tuple[bool, float]:
        """Returns whether `given` is the token, and for how many seconds no token of this client is checked.

        While those seconds last, the right token is refused too. Otherwise the client could go on guessing.
        """
        if seconds := self._guesses.seconds_to_wait(client, count=False):
            return False, seconds
        is_right = hmac.compare_digest(given.encode("utf-8", "replace"), self._token)
        if not is_right:
            self._guesses.seconds_to_wait(client)
        return is_right, 0.0

    def new_session(self) -> str:
        """The value of the session cookie: the second at which the session ends, its number, and the signature."""
        ends_at = int(self._clock()) + SESSION_SECONDS
        return self._signer.sign(f"{ends_at}.{secrets.token_hex(8)}").decode()

    def is_session(self, given: str) -> bool:
        """True when we signed `given` and its time has not come. `given` may be any text."""
        return self.session_number(given) != ""

    def session_number(self, given: str) -> str:
        """The number of the session whose cookie is `given`, "" if that is none. `given` may be any text."""
        signed = self._signed(given)
        if signed is None or signed[0] <= self._clock() or signed[1] in self._ended:
            return ""
        return signed[1]

    def end_session(self, given: str) -> None:
        """Ends a session before its time, for every copy of its cookie. `given` may be any text."""
        signed = self._signed(given)
        if signed is None:
            return
        with self._ending:
            now = self._clock()
            self._ended = {number: ends_at for number, ends_at in self._ended.items() if ends_at > now}
            self._ended[signed[1]] = signed[0]

    def _signed(self, given: str) -> tuple[int, str] | None:
        """The second at which the session ends and its number, or None if we did not sign it."""
        from itsdangerous import BadSignature

        try:
            ends_at, _, number = self._signer.unsign(given.encode("utf-8", "replace")).decode().partition(".")
        except BadSignature:
            return None
        return int(ends_at), number  # a number, because we signed it

    def has_session(self, cookies: str) -> bool:
        """True when a whole `Cookie` header has a valid session. The server asks this while a request still arrives."""
        from werkzeug.sansio.http import parse_cookie  # the parser that the application uses; it accepts any bytes

        return self.is_session(parse_cookie(cookies).get(SESSION_COOKIE, ""))


@dataclass
class _Bucket:
    left: float  # requests that may still pass
    filled_at: float  # in seconds of the clock


class RateLimit:
    """Lets each client make `per_minute` requests a minute, and as many at once: a token bucket that fills evenly."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def pause_seconds(self, client: str) -> float:
        """How long a page of this client should pause before it looks again, so that none of its pages is refused.

        The pause is the shortest until half of the client's requests are used up, and then grows to the longest. So
        any number of pages comes to a pause at which they use no more requests than come back meanwhile.
        """
        with self._lock:
            left = self._filled(client, self._clock()).left
        used_of_second_half = max(0.0, 1.0 - 2.0 * left / self._per_minute)
        return SHORTEST_PAUSE_SECONDS + used_of_second_half * (LONGEST_PAUSE_SECONDS - SHORTEST_PAUSE_SECONDS)

    def seconds_to_wait(self, client: str, *, count: bool = True) -> float:
        """0 when a request of this client may pass now, else the seconds until one may. `count=False` only asks."""
        now = self._clock()
        with self._lock:
            bucket = self._filled(client, now)
            if bucket.left >= 1.0:
                bucket.left -= count
                return 0.0
            return (1.0 - bucket.left) / (self._per_minute / 60.0)

    def _filled(self, client: str, now: float) -> _Bucket:
        """The client's bucket with what has come back until now. The caller holds the lock."""
        bucket = self._buckets.pop(client, None) or _Bucket(float(self._per_minute), now)
        self._buckets[client] = bucket
        if len(self._buckets) > _MOST_CLIENTS:
            self._buckets.popitem(last=False)
        come_back = (now - bucket.filled_at) * self._per_minute / 60.0
        bucket.left = min(float(self._per_minute), bucket.left + come_back)
        bucket.filled_at = now
        return bucket
