"""A sound card in software: a private PulseAudio server with a microphone and a loudspeaker.

    with VirtualSoundCard() as card:
        program = subprocess.Popen([...], env=card.env)
        with card.record_loudspeaker() as recording:
            card.play_into_microphone(wav)
        recording.samples  # what a listener would have heard

PortAudio reads its environment once, when it is loaded, so the code under test must run in a
process of its own, with `card.env`. There the devices are called "virtual microphone" and
"virtual loudspeaker", and are the defaults. Everything lives in a temporary folder, no network
port is opened, and a sound server of the user's is never touched.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audio.pcm import resample

RATE_HZ = 48_000
MICROPHONE = "virtual microphone"
LOUDSPEAKER = "virtual loudspeaker"

_NEEDED = ("pulseaudio", "pactl", "paplay", "parec")
_READY_SECONDS = 10.0

_ASOUNDRC = f"""
pcm.!default {{ type pulse }}
ctl.!default {{ type pulse }}
pcm."{MICROPHONE}" {{ type pulse device mic hint {{ show on description "{MICROPHONE}" }} }}
pcm."{LOUDSPEAKER}" {{ type pulse device spk hint {{ show on description "{LOUDSPEAKER}" }} }}
"""


def missing_tools() -> str | None:
    """The tools that this machine lacks, as a sentence for pytest.skip, or None if it has them all."""
    missing = [tool for tool in _NEEDED if shutil.which(tool) is None]
    if missing:
        return f"no {', '.join(missing)}: apt install pulseaudio pulseaudio-utils libasound2-plugins"
    return None


@dataclass
class Recording:
    """The sound of a device, mono at 48,000 Hz. `samples` is complete after the `with`."""

    path: Path
    # The time.monotonic() of sample 0, when the recorder began to listen, to within some 20 ms.
    started_at: float

    @property
    def samples(self) -> npt.NDArray[np.int16]:
        data = self.path.read_bytes()
        return np.frombuffer(data[: len(data) // 2 * 2], "<i2")

    def end_of(self, sound: npt.NDArray[np.int16], rate_hz: int) -> float:
        """The time.monotonic() at which a sound in this recording ended. It is found by correlation."""
        heard = resample(self.samples, RATE_HZ, rate_hz).astype(np.float64)
        size = len(heard) + len(sound)
        spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(sound.astype(np.float64), size))
        ended = int(np.argmax(np.fft.irfft(spectrum, size)[: len(heard)])) + len(sound)
        return self.started_at + ended / rate_hz


class VirtualSoundCard:
    def __init__(self, *, hums: bool = True) -> None:
        """With `hums` the microphone always hears a faint hum, as every real one does; else zeros are silence."""
        self._hums = hums
        self._cleanup = ExitStack()
        self._server: subprocess.Popen[bytes] | None = None
        self._recordings = 0
        self.env: dict[str, str] = {}

    def __enter__(self) -> VirtualSoundCard:
        try:
            self._start()
        except BaseException:
            self._cleanup.close()
            raise
        return self

    def __exit__(self, *details: object) -> None:
        self._cleanup.close()

    def play_into_microphone(self, wav: Path, wait: bool = True) -> subprocess.Popen[bytes]:
        """Plays a WAV file into the microphone. With `wait` it returns when the last sample is in."""
        player = self._spawn(["paplay", "--device=mic_in", str(wav)])
        if wait:
            player.wait(60)
        return player

    def record_loudspeaker(self) -> AbstractContextManager[Recording]:
        return self._record("spk.monitor")

    def record_microphone(self) -> AbstractContextManager[Recording]:
        """Records what the program under test hears."""
        return self._record("mic_in.monitor")

    @contextmanager
    def _record(self, monitor: str) -> Iterator[Recording]:
        self._recordings += 1
        path = self._folder / f"{monitor}-{self._recordings}.raw"
        with path.open("wb") as out:
            recorder = subprocess.Popen(
                ["parec", f"--device={monitor}", f"--rate={RATE_HZ}", "--channels=1",
                 "--format=s16le", "--latency-msec=10"],
                env=self.env, stdout=out, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            try:
                self._wait_until(lambda: path.stat().st_size > 0, "the recorder")
                heard_seconds = path.stat().st_size / 2 / RATE_HZ
                yield Recording(path, time.monotonic() - heard_seconds)
                time.sleep(0.1)  # for the sound that is still on its way from the loudspeaker to the recorder
            finally:
                _end(recorder)

    def leak(self, level_db: float) -> None:
        """Lets the microphone hear the loudspeaker, as in a room.

        At 0 dB it is as loud as what is played into the microphone.
        """
        self.pactl("load-module", "module-loopback", "source=spk.monitor", "sink=mic_in", "latency_msec=20")
        self._set_volume("module-loopback", level_db)

    def _set_volume(self, module: str, level_db: float) -> None:
        """The volume of what a module plays."""
        streams = self.pactl("list", "short", "sink-inputs").splitlines()
        stream = next(stream for stream in streams if module in stream)
        self.pactl("set-sink-input-volume", stream.split()[0], f"{level_db}dB")

    def pactl(self, *arguments: str) -> str:
        return subprocess.run(
            ["pactl", *arguments], env=self.env, check=True, capture_output=True, text=True,
            timeout=10,
        ).stdout  # fmt: skip

    def unplug(self) -> None:
        """Kills the sound server, and every device with it. `replug` brings them back."""
        assert self._server is not None
        self._server.kill()
        self._server.wait(5)

    def replug(self) -> None:
        """Starts a new sound server in place of one that died, with the same devices at the same address."""
        self._start_server()

    def freeze(self) -> None:
        """Stops the sound server from answering, without killing it."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._server is not None
        if self._server.poll() is None:
            self._server.send_signal(signal.SIGCONT)

    def _start(self) -> None:
        # The folder's name is short, because the path of a unix socket may have only 107 bytes.
        folder = tempfile.mkdtemp(prefix="snd-", dir="/tmp")
        self._cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        self._folder = Path(folder)
        (self._folder / ".asoundrc").write_text(_ASOUNDRC)
        self._socket = self._folder / "pulse.sock"
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("PULSE_", "DBUS_"))},
            "HOME": folder,
            "XDG_RUNTIME_DIR": folder,
            "XDG_CONFIG_HOME": f"{folder}/config",
            "PULSE_SERVER": f"unix:{self._socket}",
        }
        self._start_server()

    def _start_server(self) -> None:
        self._socket.unlink(missing_ok=True)
        self._server = self._spawn([
            "pulseaudio", "--daemonize=no", "--system=false", "--exit-idle-time=-1",
            "--disable-shm=yes", "--use-pid-file=no", "--realtime=no", "--high-priority=no", "-n",
            f"--load=module-native-protocol-unix auth-anonymous=1 socket={self._socket}",
            f"--load=module-null-sink sink_name=spk rate={RATE_HZ}",
            f"--load=module-null-sink sink_name=mic_in rate={RATE_HZ}",
            "--load=module-remap-source source_name=mic master=mic_in.monitor channels=1"
            " channel_map=mono",
        ])  # fmt: skip
        self._wait_until(self._answers, "the sound server")
        if self._hums:  # about 6 of 32,767, and so low that the assistant filters it out
            self.pactl("load-module", "module-sine", "sink=mic_in", "frequency=40")
            self._set_volume("module-sine", -75.0)
        self.pactl("set-default-source", "mic")
        self.pactl("set-default-sink", "spk")
        # Without a listener the null sinks run in steps of seconds and clip what is recorded.
        for monitor in ("mic_in.monitor", "spk.monitor"):
            self._spawn(["parec", f"--device={monitor}", "--latency-msec=10"])
        self._wait_for_sound()

    def _wait_for_sound(self) -> None:
        """Waits for the first step of the null sinks, which lasts 2 s.

        A program that opened a device in it would wait as long.
        """
        listener = subprocess.Popen(
            ["parec", "--device=mic", "--latency-msec=10"],
            env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        with listener:
            try:
                assert listener.stdout is not None
                listener.stdout.read(20_000)
            finally:
                _end(listener)

    def _answers(self) -> bool:
        listing = subprocess.run(
            ["pactl", "list", "short", "sources"],
            env=self.env, capture_output=True, text=True, timeout=10,
        )  # fmt: skip
        return listing.returncode == 0 and "\tmic\t" in listing.stdout

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command, env=self.env, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._cleanup.callback(_end, process)
        return process

    def _wait_until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} was not ready within {_READY_SECONDS:.0f} s")
            time.sleep(0.02)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a process of ours, whatever state it is in."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGCONT)
    process.terminate()
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(2)
