"""The small kernel files of four machines, made in a folder.

They are an Intel NUC, an AMD mini PC, a machine that refuses access, and a virtual machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assistant.machine.power.sysfs import Sysfs

RAPL = "sys/class/powercap/intel-rapl:0"
POLICY = "sys/devices/system/cpu/cpufreq/policy"
LATE = ".late"
RANGE_UJ = 262_143_328_850

_PROC = {
    "proc/stat": "cpu  1000 0 500 90000 100 0 10 0 0 0\ncpu0 500 0 250 45000 50 0 5 0 0 0\n",
    "proc/sys/kernel/random/boot_id": "6f2f0a2e-0000-4000-8000-000000000001",
}
_NUC = {
    **_PROC,
    "sys/class/powercap/intel-rapl/enabled": "1",
    f"{RAPL}/name": "package-0",
    f"{RAPL}/enabled": "1",
    f"{RAPL}/energy_uj": "1000000",
    f"{RAPL}/max_energy_range_uj": f"{RANGE_UJ}",
    f"{RAPL}/constraint_0_name": "long_term",
    f"{RAPL}/constraint_0_power_limit_uw": "28000000",
    f"{RAPL}/constraint_1_name": "short_term",
    f"{RAPL}/constraint_1_power_limit_uw": "64000000",
    f"{RAPL}:0/name": "core",  # a part of the package, which must not be counted again
    f"{RAPL}:0/energy_uj": "700000",
    "sys/class/powercap/intel-rapl:1/name": "psys",  # the whole board, which includes the package
    "sys/class/powercap/intel-rapl:1/energy_uj": "9000000",
    "sys/class/powercap/intel-rapl-mmio:0/name": "package-0",  # the same package, reached in another way
    "sys/class/powercap/intel-rapl-mmio:0/energy_uj": "1000000",
    "sys/class/thermal/thermal_zone0/type": "acpitz",
    "sys/class/thermal/thermal_zone0/temp": "27800",
    "sys/class/thermal/thermal_zone1/type": "x86_pkg_temp",
    "sys/class/thermal/thermal_zone1/temp": "52000",
    "sys/class/thermal/thermal_zone2/type": "iwlwifi_1",
    "sys/class/thermal/thermal_zone2/temp": "61000",
}
_AMD = {
    **_PROC,
    f"{RAPL}/name": "package-0",
    f"{RAPL}/energy_uj": "5000000",
    f"{RAPL}/max_energy_range_uj": "65532610987",
    f"{RAPL}:0/name": "core",
    f"{RAPL}:0/energy_uj": "1",
    "sys/class/hwmon/hwmon0/name": "nvme",
    "sys/class/hwmon/hwmon0/temp1_input": "70850",
    "sys/class/hwmon/hwmon1/name": "k10temp",
    "sys/class/hwmon/hwmon1/temp1_label": "Tctl",
    "sys/class/hwmon/hwmon1/temp1_input": "75500",
    "sys/class/hwmon/hwmon1/temp3_label": "Tdie",
    "sys/class/hwmon/hwmon1/temp3_input": "48500",
}
_VIRTUAL = {**_PROC, "sys/class/power_supply/.keep": ""}


def _cpufreq(policies: int, low_khz: int, high_khz: int, steps: str = "") -> dict[str, str]:
    files = {}
    for number in range(policies):
        folder = f"{POLICY}{number}"
        files |= {
            f"{folder}/scaling_cur_freq": f"{low_khz}",
            f"{folder}/scaling_min_freq": f"{low_khz}",
            f"{folder}/scaling_max_freq": f"{high_khz}",
            f"{folder}/cpuinfo_min_freq": f"{low_khz}",
            f"{folder}/cpuinfo_max_freq": f"{high_khz}",
        }
        if steps:
            files[f"{folder}/scaling_available_frequencies"] = steps
    return files


def battery(status: str, **files: str) -> dict[str, str]:
    folder = "sys/class/power_supply/BAT0"
    return {f"{folder}/type": "Battery", f"{folder}/status": status, **{f"{folder}/{n}": v for n, v in files.items()}}


def kernel_write(path: Path, text: str) -> None:
    """Writes like the kernel's files: all at once, so that nothing of the old value is left.

    A common file has to be replaced for that.
    """
    if not path.exists():
        raise FileNotFoundError(2, "No such file or directory")
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="ascii")
    part.replace(path)


def late_write(path: Path, text: str) -> None:
    """Takes a frequency as Linux does from 5.3 on: the write returns before the file shows the new value.

    `Tree.spend` puts the value in place.
    """
    if path.name == "scaling_max_freq":
        path.with_name(path.name + LATE).write_text(text, encoding="ascii")
    else:
        kernel_write(path, text)


@dataclass
class Tree:
    """A machine's files, and a clock that moves only when a test says so."""

    root: Path
    read: Callable[[Path], str] | None = None
    write: Callable[[Path, str], None] = kernel_write
    may_write: Callable[[Path], bool] = Path.exists
    now: float = 1000.0

    @property
    def sysfs(self) -> Sysfs:
        inputs = {} if self.read is None else {"read": self.read}
        return Sysfs(self.root, **inputs, write=self.write, may_write=self.may_write)

    def clock(self) -> float:
        return self.now

    def put(self, files: dict[str, str]) -> Tree:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n", encoding="ascii")
        return self

    def text(self, file: str) -> str:
        return (self.root / file).read_text(encoding="ascii").strip()

    def spend(self, joules: float, seconds: float, busy_cores: float = 0.0) -> None:
        """Lets time pass: the package's counter rises and may wrap, the cores work, and late writes take effect."""
        self.now += seconds
        for late in self.root.rglob(f"*{LATE}"):
            late.replace(late.with_name(late.name.removesuffix(LATE)))
        file = self.root / RAPL / "energy_uj"
        if file.exists():
            most = int(self.text(f"{RAPL}/max_energy_range_uj"))
            file.write_text(f"{(int(self.text(f'{RAPL}/energy_uj')) + round(joules * 1e6)) % most}\n")
        words = self.text("proc/stat").split()
        words[1] = str(int(words[1]) + round(busy_cores * seconds * 100))
        (self.root / "proc/stat").write_text(" ".join(words[:11]) + "\n")


def nuc(root: Path) -> Tree:
    return Tree(root).put({**_NUC, **_cpufreq(4, 400_000, 3_400_000)})


def amd_mini_pc(root: Path) -> Tree:
    return Tree(root).put({**_AMD, **_cpufreq(8, 1_400_000, 3_600_000, "3600000 1700000 1400000")})


def refusing(root: Path) -> Tree:
    """The same NUC for an ordinary user, where only root may read the energy and nothing may be written.

    The refusals are simulated, because a test may run as root.
    """
    tree = nuc(root)

    def read(path: Path) -> str:
        if path.name == "energy_uj":
            raise PermissionError(13, "Permission denied")
        return path.read_text(encoding="ascii")

    def write(path: Path, text: str) -> None:
        raise PermissionError(13, "Permission denied")

    tree.read, tree.write, tree.may_write = read, write, lambda path: False
    return tree


def virtual_machine(root: Path) -> Tree:
    return Tree(root).put(_VIRTUAL)
