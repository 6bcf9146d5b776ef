"""Simulated time for the real threads of the conversation: no test sleeps, and every moment and race is repeatable.

The code under test runs unchanged, on threads of its own, but one at a time. Each thread runs until it waits (for a
lock, a condition, a queue, another thread, or simulated seconds) and then hands on to one that can go on. If none can,
the clock jumps to the next moment that some thread waits for. With a seed, the next thread is drawn by lot, and a
thread may lose its turn wherever it touches something shared. There are as many orders of events as seeds, and each of
them can be repeated.

Code that waits by other means (`time.sleep`, a lock from elsewhere) stops the world. The test is told so after some
real seconds.
"""

from __future__ import annotations

import queue
import random
import sys
import threading
from collections import deque
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from assistant.answering.turn import Question, Turn

REAL_SECONDS = 10.0  # reached only if a test fails
LOST_TURNS = 0.2  # with a seed: the share of touches of something shared at which a thread loses its turn


class Stuck(AssertionError):
    """Every thread waits for another one for ever."""


class _Over(BaseException):
    """Ends a thread that a failed test left behind."""


class _Waiter:
    def __init__(self, ready: Callable[[], bool], due: float | None, held_up: bool = False) -> None:
        self.ready = ready
        self.due = due
        self.held_up = held_up  # it waits as long as any other thread can go on
        self.go = threading.Semaphore(0)
        self.thread = threading.current_thread()


class World:
    """The clock and its threads. The test that makes it is one of them, and uses it in a `with`."""

    def __init__(self, seed: int | None = None) -> None:
        self.now = 0.0
        self._lots = None if seed is None else random.Random(seed)
        self._waiters: list[_Waiter] = []  # every thread but the running one, in the order in which they began to wait
        self._stuck = ""
        self._over = False
        self._test = threading.current_thread()

    def __enter__(self) -> World:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._over = True
        for waiter in self._waiters:
            waiter.go.release()

    def clock(self) -> float:
        """The clock to pass to the code under test."""
        self.touch()
        return self.now

    def sleep(self, seconds: float, cancelled: object = None) -> bool:
        """Takes this many seconds. Returns False if `cancelled`, an event of any kind, is set before they are over."""
        flag = _flag_of(cancelled)
        self.wait(flag, seconds)
        return not flag()

    def wait(self, ready: Callable[[], bool], seconds: float | None = None, *, held_up: bool = False) -> bool:
        """Waits until `ready()`, or for at most `seconds`, and returns the last result of `ready()`.

        `ready` may read plain values only.
        """
        due = None if seconds is None else self.now + seconds
        waiter = _Waiter(ready, due, held_up)
        self._waiters.append(waiter)
        self._hand_on()
        if not waiter.go.acquire(timeout=REAL_SECONDS if waiter.thread is self._test else None):
            raise AssertionError("a thread waits for something that is not part of the simulated world")
        if self._over:
            raise _Over
        if self._stuck:
            stuck, self._stuck = self._stuck, ""
            raise Stuck(stuck)
        return ready()

    def touch(self) -> None:
        """Marks that something shared is read or changed.

        With a seed, one other thread or all that can may run first.
        """
        if self._lots is not None and self._lots.random() < LOST_TURNS:
            self.wait(lambda: True, held_up=self._lots.random() < 0.5)

    def put_into(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Makes the locks, events, queues and threads that the assistant's modules create from now on part of this
        world.
        """
        kinds = {kind.__name__: self._bound(kind) for kind in (Lock, Condition, Event, Thread)}
        locks = SimpleNamespace(**{**vars(threading), **kinds, "RLock": kinds["Lock"]})
        queues = SimpleNamespace(**{**vars(queue), "Queue": self._bound(Queue)})
        for name, module in list(sys.modules.items()):
            if name.startswith("assistant."):
                _replace(monkeypatch, module, "threading", threading, locks)
                _replace(monkeypatch, module, "queue", queue, queues)
                # its defaults were bound to the real Event when it was imported
                _replace(monkeypatch, module, "Turn", Turn, self._turn)

    def _bound(self, kind: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **options: kind(self, *args, **options)

    def _turn(self, question: Question | None, *, by_model: bool = True) -> Turn:
        return Turn(question, cancelled=Event(self), done=Event(self), by_model=by_model)  # type: ignore[arg-type]

    def _hand_on(self) -> None:
        """Lets a thread run that can go on. If none can, moves the clock to the first moment at which one can."""
        able = self._able()
        if not able:
            dues = [waiter.due for waiter in self._waiters if waiter.due is not None]
            if not dues:
                self._give_up()
                return
            self.now = min(dues)
            able = self._able()
        chosen = able[0] if self._lots is None else self._lots.choice(able)
        self._waiters.remove(chosen)
        chosen.go.release()

    def _able(self) -> list[_Waiter]:
        able = [w for w in self._waiters if w.ready() or (w.due is not None and w.due <= self.now)]
        return [waiter for waiter in able if not waiter.held_up] or able

    def _give_up(self) -> None:
        """Tells the test that no thread can ever go on."""
        names = ", ".join(sorted(waiter.thread.name for waiter in self._waiters))
        self._stuck = f"at {self.now:.3f} s all threads wait for ever: {names}"
        test = next((waiter for waiter in self._waiters if waiter.thread is self._test), None)
        if test is not None:
            self._waiters.remove(test)
            test.go.release()


class Lock:
    """A lock that its holder may take again, like the one of a Condition."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._owner: int | None = None
        self._depth = 0

    def acquire(self) -> bool:
        self._world.touch()
        me = threading.get_ident()
        while self._owner not in (None, me):
            self._world.wait(lambda: self._owner is None)
        self._owner = me
        self._depth += 1
        return True

    @property
    def mine(self) -> bool:
        return self._owner == threading.get_ident()

    def release(self) -> None:
        assert self.mine
        self._depth -= 1
        if not self._depth:
            self._owner = None
            self._world.touch()

    __enter__ = acquire

    def __exit__(self, *exc_info: object) -> None:
        self.release()


class Condition:
    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = Lock(world)
        self._tickets: list[Event] = []

    def __enter__(self) -> bool:
        return self._lock.acquire()

    def __exit__(self, *exc_info: object) -> None:
        self._lock.release()

    def wait(self, timeout: float | None = None) -> bool:
        assert self._lock.mine, "waited for without its lock"
        ticket = Event(self._world)
        self._tickets.append(ticket)
        self._lock.release()
        assert not self._lock.mine, "a wait inside a lock that is held twice"
        notified = self._world.wait(lambda: ticket.flag, timeout)
        self._lock.acquire()
        return notified

    def wait_for(self, predicate: Callable[[], Any], timeout: float | None = None) -> Any:
        due = None if timeout is None else self._world.now + timeout
        while not (result := predicate()):
            left = None if due is None else due - self._world.now
            if left is not None and left <= 0:
                break
            self.wait(left)
        return result

    def notify_all(self) -> None:
        assert self._lock.mine, "notified without its lock"
        for ticket in self._tickets:
            ticket.flag = True
        self._tickets = []


class Event:
    def __init__(self, world: World) -> None:
        self._world = world
        self.flag = False  # read directly where the reader must not lose its turn
        self.set_at = float("inf")

    def is_set(self) -> bool:
        self._world.touch()
        return self.flag

    def set(self) -> None:
        self._world.touch()
        self.set_at = min(self.set_at, self._world.now)
        self.flag = True

    def clear(self) -> None:
        self.flag = False

    def wait(self, timeout: float | None = None) -> bool:
        return self._world.wait(lambda: self.flag, timeout)


class Queue:
    def __init__(self, world: World, maxsize: int = 0) -> None:
        self._world = world
        self._maxsize = maxsize
        self._items: deque[Any] = deque()

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        self._world.touch()
        # Checked again after each wait, because another thread may have taken the room first.
        due = None if timeout is None else self._world.now + timeout
        while not self._has_room():
            left = None if due is None else due - self._world.now
            if not block or (left is not None and left <= 0):
                raise queue.Full
            self._world.wait(self._has_room, left)
        self._items.append(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        self._world.touch()
        due = None if timeout is None else self._world.now + timeout
        while not self._items:
            left = None if due is None else due - self._world.now
            if not block or (left is not None and left <= 0):
                raise queue.Empty
            self._world.wait(lambda: bool(self._items), left)
        return self._items.popleft()

    def put_nowait(self, item: Any) -> None:
        self.put(item, block=False)

    def get_nowait(self) -> Any:
        return self.get(block=False)

    def _has_room(self) -> bool:
        return not self._maxsize or len(self._items) < self._maxsize


class Thread(threading.Thread):
    """A real thread that runs only when it is its turn."""

    def __init__(self, world: World, **options: Any) -> None:
        super().__init__(**options)
        self._world = world
        self._first = _Waiter(lambda: True, None)
        self._first.thread = self
        self._finished = False

    def start(self) -> None:
        self._world._waiters.append(self._first)
        super().start()
        self._world.touch()

    def run(self) -> None:
        self._first.go.acquire()
        try:
            super().run()
        except _Over:
            return
        finally:
            self._finished = True
            if not self._world._over:
                self._world._hand_on()

    def is_alive(self) -> bool:
        return super().is_alive() and not self._finished

    def join(self, timeout: float | None = None) -> None:
        if self._world.wait(lambda: self._finished, timeout):
            super().join(REAL_SECONDS)


def _flag_of(event: object) -> Callable[[], bool]:
    if event is None:
        return lambda: False
    if isinstance(event, Event):
        return lambda: event.flag
    assert isinstance(event, threading.Event)
    return event.is_set


def _replace(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, real: object, simulated: object) -> None:
    if getattr(module, name, None) is real:
        monkeypatch.setattr(module, name, simulated)
