"""SeeSay as a Debian package: installed, used and removed on a fresh Debian, and what is made from the command line.

The slow tests need root, debootstrap, a Debian archive that apt reaches, about 10 GB of disk, and ten minutes or more.
They run in a mount namespace of their own, so that nothing stays mounted. `SEESAY_DEB` names a package that has been
built already; otherwise `deb/build` builds one. The fresh system is of the release on which the tests run.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from assistant import __version__
from assistant.cli.main import VERBS
from assistant.machine.doctor.libraries import LIBRARIES

ROOT = Path(__file__).parent.parent
USER = "ann"
# What changes with any installation or any use, and the users' own files.
NOT_COMPARED = (
    *("/proc/", "/sys/", "/dev/", "/run/", "/tmp/", "/home/", "/root/"),
    *("/var/lib/dpkg/", "/var/cache/", "/var/log/"),
)
# Tells apt's own archives, one a line, without those of others, for which a fresh system has no key.
ARCHIVES = "$(ORIGIN)|$(SITE)|$(RELEASE)|$(COMPONENT)"


def run(*command: str, cwd: Path = ROOT, statuses: Sequence[int] = (0,), **more: str) -> str:
    """Runs a command and returns its standard output."""
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **more}, capture_output=True, text=True, check=False, timeout=3600
    )
    assert done.returncode in statuses, f"{command}: {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def made_from_cli(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manual page and the completions, made from the command line of this checkout."""
    folder = tmp_path_factory.mktemp("cli")
    search_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    run("deb/from-cli", sys.executable, str(folder), PYTHONPATH=search_path)
    return folder


def verbs() -> list[str]:
    return [verb.__name__.rpartition(".")[2] for verb in VERBS]


def test_the_manual_page_tells_of_every_verb(made_from_cli: Path) -> None:
    """Each verb has a section in the manual page, and the exit statuses are in it."""
    page = (made_from_cli / "seesay.1").read_text(encoding="utf-8")
    assert page.startswith(".TH SEESAY")
    assert [verb for verb in verbs() if f"COMMAND \\fI\\,'seesay {verb}'" not in page] == []
    assert "3 a device or model is missing" in page


def completed(script: Path, line: str) -> set[str]:
    """What bash offers after this line."""
    words = line.split(" ")
    code = """
        source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
        function=$(complete -p seesay | grep -oP '(?<=-F )\\S+')
        $function seesay "${@: -1}"
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    return set(run("bash", "-c", code, "bash", str(script), *words).split())


def test_bash_completes_verbs_and_options(made_from_cli: Path) -> None:
    """After `seesay` come the verbs, and after a verb its options."""
    script = made_from_cli / "seesay.bash"
    assert completed(script, "seesay ") >= set(verbs())
    assert completed(script, "seesay jou") == {"journal"}
    assert completed(script, "seesay ask --im") == {"--image"}


def test_the_package_asks_for_the_libraries_that_the_doctor_looks_for() -> None:
    """Each system library that the program needs is a dependency of the package, with the name that it had or has."""
    control = (ROOT / "deb" / "control").read_text(encoding="utf-8")
    (depends,) = [line for line in control.splitlines() if line.startswith("Depends: ")]
    names = depends.removeprefix("Depends: ").replace(" | ", ", ").split(", ")
    assert set(LIBRARIES.values()) - set(names) == set()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Debian package."""
    if built := os.environ.get("SEESAY_DEB"):
        return Path(built).absolute()
    if shutil.which("dpkg-deb") is None:
        pytest.skip("no dpkg-deb, which builds the package")
    return Path(run("deb/build", str(tmp_path_factory.mktemp("dist"))).splitlines()[-1])


@dataclass(frozen=True)
class FreshSystem:
    """A Debian in a folder."""

    folder: Path

    def run(self, *command: str, user: str = "root", statuses: Sequence[int] = (0,)) -> str:
        """Runs a command there, with its own /proc, as this user. Returns its standard output."""
        enter = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"'
        as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user != "root" else []
        home = "/root" if user == "root" else f"/home/{user}"
        clean = ["env", "-i", f"HOME={home}", f"USER={user}", "PATH=/usr/bin:/bin:/usr/sbin:/sbin", "LANG=C.UTF-8"]
        clean.append("DEBIAN_FRONTEND=noninteractive")
        inside = [str(self.folder), *as_user, *clean, *command]
        return run("unshare", "--mount", "--pid", "--fork", "sh", "-c", enter, *inside, statuses=statuses)

    def files(self) -> set[str]:
        """The paths of all files and folders, without those that change anyway."""
        found = self.run("find", "/", "-xdev", "-print").splitlines()
        return {path for path in found if not f"{path}/".startswith(NOT_COMPARED)}


def apt_archives() -> list[list[str]]:
    """Address, suite and component of the distribution's own archives, as apt of this machine is set up."""
    lines = run("apt-get", "indextargets", "--format", ARCHIVES, "Created-By: Packages").splitlines()
    found = [line.split("|") for line in dict.fromkeys(lines)]
    return [archive for origin, *archive in found if origin in ("Debian", "Ubuntu")]


@pytest.fixture(scope="module")
def fresh_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FreshSystem]:
    """A minimal system of this machine's release, which reaches the archives in the same way."""
    missing = [name for name in ("debootstrap", "unshare", "apt-get") if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"needs root, and these programs are missing: {missing}")
    archives = apt_archives()
    if not archives:
        pytest.skip("apt knows no archive: run apt-get update")
    folder = tmp_path_factory.mktemp("system")
    folder.chmod(0o755)  # it becomes /, which every user has to be able to enter
    run("debootstrap", "--variant=minbase", "--include=ca-certificates", archives[0][1], str(folder), archives[0][0])
    sources = "".join(f"deb {' '.join(archive)}\n" for archive in archives)
    (folder / "etc/apt/sources.list").write_text(sources)
    settings = run("apt-config", "dump", "--format", '%f "%v";%n', "Acquire").splitlines()
    kept = [line for line in settings if line.startswith(("Acquire::http", "Acquire::Check-"))]
    (folder / "etc/apt/apt.conf.d/99archives").write_text("\n".join(kept) + "\n")
    system = FreshSystem(folder)
    system.run("apt-get", "update", "-qq")
    system.run("useradd", "--create-home", USER)
    yield system
    shutil.rmtree(folder)  # 4 GB


@pytest.mark.slow
def test_the_package_holds_what_a_debian_package_should(package: Path, tmp_path: Path) -> None:
    """It holds program, manual page, completions, udev rules and user unit, all owned by root, and unpacks cleanly."""
    run("dpkg-deb", "--extract", str(package), str(tmp_path))
    for name in ("usr/bin/seesay", "opt/seesay/bin/seesay", "usr/lib/udev/rules.d/70-seesay.rules"):
        assert os.path.lexists(tmp_path / name), name
    for name in ("usr/lib/systemd/user/seesay.service", "usr/share/bash-completion/completions/seesay"):
        assert (tmp_path / name).is_file()
    assert b"SEESAY" in gzip.decompress((tmp_path / "usr/share/man/man1/seesay.1.gz").read_bytes())
    assert (tmp_path / "usr/share/zsh/vendor-completions/_seesay").read_text().startswith("#compdef seesay")
    listed = run("dpkg-deb", "--contents", str(package)).splitlines()
    assert {line.split()[1] for line in listed} == {"root/root"}
    files = [line for line in listed if not line.startswith("l")]  # a link has all bits set
    assert [line for line in files if line[5] == "w" or line[8] == "w"] == []


@pytest.mark.slow
def test_it_is_installed_used_and_removed_on_a_fresh_system(package: Path, fresh_system: FreshSystem) -> None:
    """An ordinary user runs the version, the doctor and the demo; after the removal nothing of the package is left."""
    system = fresh_system
    shutil.copy(package, system.folder / "tmp" / "seesay.deb")
    quick = ("-o", "DPkg::Options::=--force-unsafe-io")  # 39,000 files, and no power cut to fear
    system.run("apt-get", "install", "--yes", "-qq", "--no-install-recommends", *quick, "/tmp/seesay.deb")
    assert system.run("dpkg", "--verify", "seesay") == ""
    assert system.run("getent", "group", "seesay-power").split(":")[3].strip() == ""
    belongs = set(system.run("dpkg", "--listfiles", "seesay").splitlines())
    # Beside folders that others use as well, every path of the package has its name.
    assert {path for path in belongs if "seesay" not in path and not (system.folder / path[1:]).is_dir()} == set()
    installed = system.files()

    def seesay(*arguments: str, statuses: Sequence[int] = (0,), user: str = USER) -> str:
        return system.run("seesay", *arguments, user=user, statuses=statuses)

    assert seesay("--version") == f"seesay {__version__}\n"
    libraries = "import cv2, numba, onnxruntime, rapidocr, sounddevice, torch, transformers, vosk, zxingcpp"
    system.run("/opt/seesay/bin/python3", "-I", "-c", libraries, user=USER)
    report = seesay("doctor", "libraries", "packages", "voice", "speech-model", "vision-model")
    assert [line for line in report.splitlines() if line.startswith("failure")] == [], report
    everything = seesay("doctor", statuses=(1, 3))  # there is no microphone
    assert "failure: microphone" in everything
    system.run("mkdir", f"/home/{USER}/demo", user=USER)
    seesay("demo", "--output", f"/home/{USER}/demo")  # its status says that all answers are right
    assert (system.folder / "home" / USER / "demo").is_dir()
    # The administrator may write beside the program, so numba keeps its machine code there.
    picture = f"/home/{USER}/demo/picture.png"
    assert seesay("ask", "--image", picture, "what color is the circle", user="root") == "The circle is red.\n"
    assert system.files() - installed

    system.run("apt-get", "purge", "--yes", "-qq", "seesay")
    left = system.files()
    assert left - installed == set()
    assert [path for path in left if "seesay" in path] == []
    assert system.run("getent", "group", "seesay-power", statuses=(2,)) == ""
