"""How `seesay serve` bears many clients at once: `python -m tests.assistant.web.load_web` starts one and prints a
table.

Two parts: requests a second of /healthz over kept connections, and many clients that ask /api/ask all at once, each
about a picture of its own and again as soon as it has its answer; one that is told to come back later does so, until it
has been answered once, also after the time is over. Every client comes from a loopback address of its own (127.0.1.1, …), for the server counts requests by address. Clients and
server share the processor, so the figures are a lower bound.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import http.client
import io
import json
import os
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

QUESTION = "what color is the circle"
_PATIENCE_SECONDS = 600.0  # of all clients together after the time, so that a client that starves ends the test
ANSWER_SECONDS = 120.0  # longer than any client waits for an answer
_START_SECONDS = 300.0  # the arithmetic is compiled first, on a machine that may be busy


@dataclass(frozen=True)
class Memory:
    """The memory, threads and open files of the server's process, from /proc."""

    rss_bytes: int
    threads: int
    open_files: int


@dataclass
class Load:
    """What the clients saw."""

    clients: int
    seconds: float
    answered: list[float] = field(default_factory=list)  # seconds from the request to the end of the answer
    first_words: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)  # seconds until the 429
    refusals: Counter[str] = field(default_factory=Counter)  # counted by their code
    failures: Counter[str] = field(default_factory=Counter)
    wrong: int = 0  # answers about another client's picture
    answers_by_client: Counter[int] = field(default_factory=Counter)
    served_after: dict[int, float] = field(default_factory=dict)  # seconds from a client's first request to its answer
    returns: int = 0  # requests after the time that the server told
    returns_refused: int = 0
    ended_after: float = 0.0  # seconds until the last client had been answered once
    health: list[float] = field(default_factory=list)  # seconds of each /healthz meanwhile


def memory_of(pid: int) -> Memory:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    open_files = len(os.listdir(f"/proc/{pid}/fd"))
    return Memory(int(status["VmRSS"].split()[0]) * 1024, int(status["Threads"]), open_files)


@dataclass(frozen=True)
class Target:
    host: str
    port: int
    token: str | None = None

    def connect(self, client: int, seconds: float = ANSWER_SECONDS) -> http.client.HTTPConnection:
        source = (f"127.0.{1 + client // 250}.{1 + client % 250}", 0)
        return http.client.HTTPConnection(self.host, self.port, timeout=seconds, source_address=source)

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}


def health_rate(target: Target, clients: int, seconds: float) -> tuple[float, list[float]]:
    """Requests a second, and the seconds that each took."""
    took: list[list[float]] = [[] for _ in range(clients)]
    end_at = time.monotonic() + seconds

    def ask(client: int) -> None:
        with contextlib.closing(target.connect(client)) as connection:
            while (began := time.monotonic()) < end_at:
                connection.request("GET", "/healthz")
                response = connection.getresponse()
                response.read()
                assert response.status == 200, response.status
                took[client].append(time.monotonic() - began)

    _all_at_once(clients, ask)
    seen = [one for client in took for one in client]
    return len(seen) / seconds, seen


def ask_load(target: Target, clients: int, seconds: float) -> Load:
    """All clients ask until the time is over; those that have had no answer then go on until they have one."""
    load, lock = Load(clients, seconds), threading.Lock()
    pictures = _pictures()
    began_at = time.monotonic()
    end_at = began_at + seconds

    def ask(client: int) -> None:
        color, picture = pictures[client % len(pictures)]
        was_told = False
        while time.monotonic() < end_at or not load.answers_by_client[client]:
            if time.monotonic() > end_at + _PATIENCE_SECONDS:
                return
            wait_seconds, answered = _ask_once(target, client, color, picture, load, lock)
            with lock:
                load.returns += was_told
                load.returns_refused += was_told and not answered
                if answered:
                    load.served_after.setdefault(client, time.monotonic() - began_at)
            was_told = not answered
            if load.answers_by_client[client]:
                wait_seconds = min(wait_seconds, end_at - time.monotonic())
            time.sleep(max(0.0, wait_seconds))

    def look(stopping: threading.Event) -> None:
        with contextlib.closing(target.connect(clients)) as connection:
            while not stopping.wait(0.5):
                began = time.monotonic()
                connection.request("GET", "/healthz")
                connection.getresponse().read()
                load.health.append(time.monotonic() - began)

    stopping = threading.Event()
    watcher = threading.Thread(target=look, args=(stopping,), name="health")
    watcher.start()
    try:
        _all_at_once(clients, ask)
        load.ended_after = time.monotonic() - began_at
    finally:
        stopping.set()
        watcher.join()
    return load


def _ask_once(
    target: Target, client: int, color: str, picture: str, load: Load, lock: threading.Lock
) -> tuple[float, bool]:
    """Asks one question. Returns the seconds to wait before the next one, and whether it was answered."""
    began = time.monotonic()
    body = json.dumps({"question": QUESTION, "image": picture})
    with contextlib.closing(target.connect(client)) as connection:
        try:
            connection.request("POST", "/api/ask", body, {"Content-Type": "application/json", **target.headers})
            response = connection.getresponse()
            if response.status != 200:
                error = json.loads(response.read())["error"]
                with lock:
                    if response.status == 429:
                        load.refused.append(time.monotonic() - began)
                        load.refusals[error["code"]] += 1
                    else:
                        load.failures[f"{response.status} {error['code']}"] += 1
                return float(response.headers.get("Retry-After", "1")), False
            first, said = None, ""
            for event, data in _events(response):
                if event == "text" and first is None:
                    first = time.monotonic() - began
                if event == "done":
                    said = data["answer"]
                if event == "error":
                    raise OSError(data["error"]["code"])
            with lock:
                load.answered.append(time.monotonic() - began)
                load.first_words.append(time.monotonic() - began if first is None else first)
                load.answers_by_client[client] += 1
                load.wrong += color not in said
        except (OSError, http.client.HTTPException, KeyError, ValueError) as error:
            with lock:
                load.failures[f"{type(error).__name__}: {error}"] += 1
            return 0.5, False
    return 0.0, True


def _events(response: http.client.HTTPResponse) -> Iterator[tuple[str, dict[str, str | dict[str, str]]]]:
    name = ""
    for raw in response:
        line = raw.decode().rstrip("\n")
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def _pictures() -> list[tuple[str, str]]:
    """Circles, each in a color that its answer must name, so that an answer for another client is noticed."""
    from vision.demo_model.world import Scene, Shape, draw

    found = []
    for seed, color in enumerate(("red", "blue", "green", "yellow")):
        file = io.BytesIO()
        draw(Scene(background="white", shapes=(Shape("circle", color, row=1, column=1),), seed=seed)).save(file, "PNG")
        found.append((color, "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()))
    return found


def _all_at_once(clients: int, do: object) -> None:
    threads = [threading.Thread(target=do, args=(client,), name=f"client-{client}") for client in range(clients)]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@contextlib.contextmanager
def served(*arguments: str, home: Path) -> Iterator[tuple[Target, int]]:
    """Runs `seesay serve` with the demo models on a port of its own. Yields its address and its process number."""
    command = [sys.executable, "-m", "assistant", "serve", "--port", "0", *arguments]
    environment = {**os.environ, "HOME": str(home), "SEESAY_CONFIG": str(home / "config.toml")}
    (home / "config.toml").touch()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        killer = threading.Timer(_START_SECONDS, process.kill)  # so that a start that hangs does not hang the test
        killer.start()
        try:
            lines: list[str] = []
            for line in process.stderr:
                lines.append(line)
                address = next((word for word in line.split() if word.startswith("http://")), None)
                if address is not None:
                    break
            else:
                raise RuntimeError("seesay serve did not start: " + "".join(lines))
            killer.cancel()
            threading.Thread(target=process.stderr.read, name="stderr", daemon=True).start()
            parts = urllib.parse.urlsplit(address)
            yield Target(parts.hostname or "", parts.port or 0), process.pid
        finally:
            killer.cancel()
            process.terminate()
            process.wait(10)


def table(rate: float, health: list[float], load: Load, before: Memory, after: Memory) -> str:
    def milliseconds(values: list[float], share: float) -> str:
        return "-" if not values else f"{sorted(values)[min(len(values) - 1, int(share * len(values)))] * 1e3:,.0f} ms"

    def spread(values: list[float]) -> str:
        return f"{milliseconds(values, 0.5)} / {milliseconds(values, 0.95)} / {milliseconds(values, 1.0)}"

    answers = [load.answers_by_client[client] for client in range(load.clients)]
    megabytes = [memory.rss_bytes / 1e6 for memory in (before, after)]
    rows = [
        ("/healthz alone, requests a second", f"{rate:,.0f}"),
        ("/healthz alone, median / 95 % / longest", spread(health)),
        ("clients at once, seconds", f"{load.clients}, {load.seconds:g}"),
        ("answers, a second", f"{len(load.answered)}, {len(load.answered) / max(load.seconds, load.ended_after):.2f}"),
        (
            "answers of one client, least / median / most",
            f"{min(answers)} / {statistics.median(answers):g} / {max(answers)}",
        ),
        ("clients never answered", f"{load.clients - len(load.served_after)}"),
        ("first answer of a client after, median / 95 % / longest", spread(list(load.served_after.values()))),
        ("came back as told, and were told again", f"{load.returns}, {load.returns_refused}"),
        ("until each client was answered once", f"{load.ended_after:.0f} s"),
        ("answers to another one's picture", f"{load.wrong}"),
        ("first word, median / 95 % / longest", spread(load.first_words)),
        ("whole answer, median / 95 % / longest", spread(load.answered)),
        ("refused (429)", ", ".join(f"{code}: {count}" for code, count in load.refusals.items()) or "none"),
        ("time to a refusal, median / 95 % / longest", spread(load.refused)),
        ("failures", ", ".join(f"{what}: {count}" for what, count in load.failures.items()) or "none"),
        ("/healthz meanwhile, median / 95 % / longest", spread(load.health)),
        ("memory before, after", f"{megabytes[0]:.1f} MB, {megabytes[1]:.1f} MB"),
        ("threads before, after", f"{before.threads}, {after.threads}"),
        ("open files before, after", f"{before.open_files}, {after.open_files}"),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def measure(target: Target, pid: int, clients: int, seconds: float) -> tuple[str, Load, Memory, Memory]:
    ask_load(target, 2, 1.0)  # so that what is built at the first question exists before anything is counted
    rate, health = health_rate(target, 4, min(seconds, 10.0))
    before = memory_of(pid)
    load = ask_load(target, clients, seconds)
    time.sleep(2.0)  # so that connections can close
    after = memory_of(pid)
    return table(rate, health, load, before, after), load, before, after


def main() -> None:
    import tempfile

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, served(home=Path(home)) as (target, pid):
        text, *_ = measure(target, pid, arguments.clients, arguments.seconds)
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
