"""SeeSay as a wheel: it adds one name to site-packages, and runs beside other packages named assistant, audio or
vision. And as a source distribution, from which the same wheel can be built.

Both are built without a network from a copy of the repository's files.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from assistant import __version__
from assistant.cli.demo import demo_scene
from vision.demo_model.world import draw

ROOT = Path(__file__).parent.parent
NAMES = ("assistant", "audio", "vision")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
OFFLINE = ("--no-deps", "--no-build-isolation", "--no-index")

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="no git, which says what belongs to the repository")


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command and returns what it prints. The search path that the tests may have been given is removed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHONPATH", "SEESAY_"))}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository's files, with a file that an older build may have left."""
    folder = tmp_path_factory.mktemp("source")
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():  # a file that was removed, but not yet in a commit, is still listed
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    left = folder / "build" / "lib" / "assistant"
    left.mkdir(parents=True)
    (left / "left_over.py").touch()
    return folder


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(*PIP, "wheel", *OFFLINE, "--wheel-dir", str(folder), ".", cwd=source)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def unpacked_sdist(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution as its receiver unpacks it."""
    folder = tmp_path_factory.mktemp("sdist")
    build = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
    run(sys.executable, "-c", build, str(folder), cwd=source)
    (archive,) = folder.glob("*.tar.gz")
    shutil.unpack_archive(archive, folder)
    return folder / archive.name.removesuffix(".tar.gz")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A working directory with files that have our packages' names, and a picture."""
    for name in NAMES[:2]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise RuntimeError('the wrong {name}')\n")
    (tmp_path / "vision.py").write_text("raise RuntimeError('the wrong vision')\n")
    draw(demo_scene()[0]).save(tmp_path / "picture.png")
    return tmp_path


def test_the_wheel_installs_one_name_with_everything_in_it(wheel: Path) -> None:
    """The wheel holds every module and data file of the three packages and config.toml, and no removed file."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
        shipped = archive.read("seesay_app/config.toml")
    assert {name.split("/")[0] for name in names} == {"seesay_app", f"seesay-{__version__}.dist-info"}
    modules = {str(path.relative_to(ROOT)) for package in NAMES for path in (ROOT / package).rglob("*.py")}
    packed = {name.removeprefix("seesay_app/") for name in names}
    assert {name for name in packed if name.endswith(".py")} == modules | {"__init__.py", "__main__.py"}
    assert shipped == (ROOT / "config.toml").read_bytes()
    for folder in ("vision/demo_model/checkpoint", "audio/demo_model/en", "assistant/web/page/static"):
        files = {str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*") if path.is_file()}
        assert files, folder
        assert files <= packed | {name for name in files if "__pycache__" in name}


def test_the_source_distribution_holds_the_whole_repository(unpacked_sdist: Path) -> None:
    """It holds every file of the repository, unchanged, and only what setuptools adds beside them."""
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT).stdout
    repository = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
    files = {str(path.relative_to(unpacked_sdist)) for path in unpacked_sdist.rglob("*") if path.is_file()}
    added = {name for name in files - repository if not name.startswith("seesay.egg-info/")}
    assert repository - files == set()
    assert added == {"PKG-INFO", "setup.cfg"}
    assert [
        name for name in sorted(repository) if (ROOT / name).read_bytes() != (unpacked_sdist / name).read_bytes()
    ] == []
    assert os.access(unpacked_sdist / ".ci" / "system-packages", os.X_OK)


def test_the_source_distribution_builds_the_same_wheel(
    wheel: Path, unpacked_sdist: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A wheel that is built from the source distribution holds the same files as one from the repository."""
    folder = tmp_path_factory.mktemp("wheel-of-sdist")
    run(*PIP, "wheel", *OFFLINE, "--wheel-dir", str(folder), ".", cwd=unpacked_sdist)
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as one, zipfile.ZipFile(wheel) as other:
        sizes = {entry.filename: (entry.file_size, entry.CRC) for entry in one.infolist()}
        assert sizes == {entry.filename: (entry.file_size, entry.CRC) for entry in other.infolist()}


@pytest.mark.parametrize("arguments", [["--version"], ["config", "--defaults"]])
def test_it_starts_beside_other_packages_of_these_names(wheel: Path, hostile: Path, arguments: list[str]) -> None:
    """It starts although site-packages and the working directory hold other packages with these names."""
    site = hostile / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    for name in NAMES[:2]:
        shutil.copytree(hostile / name, site / name)
    start = f"import sys; sys.path.insert(0, {str(site)!r}); from seesay_app import entry; entry()"
    done = run(sys.executable, "-c", start, *arguments, cwd=hostile)
    expected = f"seesay {__version__}\n" if arguments == ["--version"] else (ROOT / "config.toml").read_text()
    assert done.stdout == expected


def new_environment(folder: Path) -> Path:
    """A virtual environment that also sees the libraries of this one, but not how SeeSay is installed here."""
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    site = Path(
        run(str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).stdout.strip()
    )
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    # Python searches a folder that a .pth file names, but does not read the .pth files in that folder.
    (site / "libraries.pth").write_text("\n".join(sorted(libraries)) + "\n")
    return python


def install(python: Path, *what: str) -> None:
    run(*PIP, "--python", str(python), "install", *OFFLINE, *what, cwd=python.parent)


@pytest.mark.slow
def test_the_wheel_runs_after_others_of_these_names_were_installed(
    wheel: Path, hostile: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """It answers about a picture, runs the demo, and runs the benchmark, which starts processes of its own."""
    folder = tmp_path_factory.mktemp("installed")
    python = new_environment(folder / "environment")
    install(python, str(wheel))
    for name in NAMES[:2]:
        (folder / name).mkdir()
        shutil.copytree(hostile / name, folder / name / name)
        (folder / name / "pyproject.toml").write_text(
            f'[project]\nname = "{name}"\nversion = "99"\n[tool.setuptools]\npackages = ["{name}"]\n'
        )
        install(python, str(folder / name))
    seesay = str(python.parent / "seesay")
    assert run(seesay, "--version", cwd=hostile).stdout == f"seesay {__version__}\n"
    assert run(str(python), "-m", "seesay_app", "--version", cwd=hostile).stdout == f"seesay {__version__}\n"
    answer = run(seesay, "ask", "--image", "picture.png", "what color is the circle", cwd=hostile)
    assert answer.stdout == "The circle is red.\n"
    assert "all 3 answers are right" in run(seesay, "demo", "--output", str(folder / "demo"), cwd=hostile).stderr
    bench = run(seesay, "bench", "--engine", "--model", "demo", "--tokens", "4", "--rounds", "1", "--json", cwd=hostile)
    assert bench.stdout.startswith("{")


@pytest.mark.slow
def test_an_editable_installation_leaves_the_packages_where_they_are(
    source: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """From any folder, the command and `python -m assistant` run the files of the checkout."""
    folder = tmp_path_factory.mktemp("editable")
    python = new_environment(folder / "environment")
    install(python, "--editable", str(source))
    expected = f"seesay {__version__}\n"
    assert run(str(python.parent / "seesay"), "--version", cwd=folder).stdout == expected
    assert run(str(python), "-m", "assistant", "--version", cwd=folder).stdout == expected
    where = run(str(python), "-c", "import assistant, audio, vision; print(vision.__file__)", cwd=folder).stdout.strip()
    assert Path(where) == source / "vision" / "__init__.py"
