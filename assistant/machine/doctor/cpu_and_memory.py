"""Checks the processor's instructions, the memory and the room on the disk."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import ModelMissing
from assistant.files import cache_folder, data_folder
from assistant.machine.doctor.finding import Finding, failure, ok, warning
from assistant.models.catalog import choose_vlm
from assistant.settings.config import Config
from vision.engine.host import available_bytes, physical_cores, processor_name, total_bytes

# What README.md says of memory: the full model works on 3.6 GB, and the demo models on less than 1 GB.
FULL_MODEL_BYTES = 3_600_000_000
DEMO_MODEL_BYTES = 1_000_000_000
# The full models (4.3 GB) and the packed weights (3.2 GB), with some room to spare.
FULL_DISK_BYTES = 7_700_000_000
# With less than this nothing can be stored safely: settings, machine code that is kept, the journal.
LEAST_DISK_BYTES = 200_000_000


@dataclass(frozen=True)
class Processor:
    name: str
    machine: str  # such as x86_64
    flags: frozenset[str]  # of /proc/cpuinfo
    cores: int  # physical ones that this process may use


@dataclass(frozen=True)
class Memory:
    """In bytes. None where the system does not tell."""

    total: int | None
    available: int | None
    needed: int  # by the model in use


@dataclass(frozen=True)
class Disk:
    """The disk on which models and caches lie."""

    folder: Path
    free_bytes: int
    fetched: bool  # the full vision model is there already
    writable: bool = True


def read_processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> Processor:
    lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), [])
    return Processor(processor_name(cpuinfo), platform.machine(), frozenset(flags), physical_cores())


def judge_processor(found: Processor) -> Finding:
    says = f"{found.name}, {found.cores} cores"
    if found.machine != "x86_64":
        return failure(
            "processor", f"{says} is a processor of the kind {found.machine}", "use a PC with a 64-bit x86 processor"
        )
    missing = [flag.upper() for flag in ("avx2", "fma") if flag not in found.flags]
    if missing:
        return warning(
            "processor",
            f"{says}, has no {' and no '.join(missing)}, so answers take several times as long",
            "use a processor of 2017 or later; in a virtual machine, pass the host's processor through (`-cpu host`)",
            cores=found.cores,
        )
    best = "AVX-512" if {"avx512f", "avx512bw"} <= found.flags else "AVX2"
    return ok("processor", f"{says}, {best}", cores=found.cores)


def read_memory(config: Config) -> Memory:
    try:
        demo = choose_vlm(config.engine.model).is_demo
    except ModelMissing:
        demo = True  # the check "models" tells it
    return Memory(total_bytes(), available_bytes(), DEMO_MODEL_BYTES if demo else FULL_MODEL_BYTES)


def judge_memory(found: Memory) -> Finding:
    if found.total is None or found.available is None:
        return warning("memory", "the system does not tell how much memory there is", "look into /proc/meminfo")
    free, needed = found.available / 1e9, found.needed / 1e9
    figures = {"available_bytes": found.available, "total_bytes": found.total}
    if found.available < found.needed:
        fix = "close other programs, a browser first"
        if found.total < found.needed * 2:
            fix += ", or add memory: the full model wants a machine of 8 GB"
        return warning(
            "memory",
            f"{free:.1f} GB are free and about {needed:.1f} GB are needed: answers will be slow",
            fix,
            **figures,
        )
    return ok("memory", f"{free:.1f} of {found.total / 1e9:.1f} GB are free, {needed:.1f} GB are needed", **figures)


def read_disks(environ: Mapping[str, str] = os.environ) -> list[Disk]:
    """The disks of the folders for models and for what can be made again; one of them if they share a disk."""
    fetched = not choose_vlm("", environ).is_demo
    disks: dict[int, Disk] = {}
    for folder in (data_folder(environ), cache_folder(environ)):
        there = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
        disk = Disk(folder, shutil.disk_usage(there).free, fetched, os.access(there, os.W_OK))
        disks.setdefault(there.stat().st_dev, disk)
    return list(disks.values())


def judge_disk(found: Disk) -> Finding:
    free = f"{found.free_bytes / 1e9:.1f} GB are free at {found.folder}"
    figures: dict[str, Any] = {"free_bytes": found.free_bytes}
    if found.free_bytes < LEAST_DISK_BYTES:
        return failure("disk", f"{free}: the disk is full", "delete files, or empty the trash", **figures)
    if not found.writable:
        return failure(
            "disk",
            f"{found.folder} cannot be written",
            "give this user the folder, or set XDG_DATA_HOME to another",
            **figures,
        )
    if not found.fetched and found.free_bytes < FULL_DISK_BYTES:
        return warning(
            "disk",
            f"{free}, and the full models need {FULL_DISK_BYTES / 1e9:.1f} GB",
            "make room before `seesay fetch`, or set XDG_DATA_HOME and XDG_CACHE_HOME to another disk",
            **figures,
        )
    return ok("disk", free, **figures)


def check_processor(config: Config) -> list[Finding]:
    return [judge_processor(read_processor())]


def check_memory(config: Config) -> list[Finding]:
    return [judge_memory(read_memory(config))]


def check_disk(config: Config) -> list[Finding]:
    return [judge_disk(disk) for disk in read_disks()]
