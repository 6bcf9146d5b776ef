"""The one thing about the wheel that pyproject.toml cannot say: it puts all packages into one folder, `seesay_app`.

assistant, audio and vision stand at the top of the repository, where they are short to import. At the top of
site-packages they would overwrite other distributions' packages of these names, or be overwritten by them, without a
word. An editable installation copies nothing, so there they stay where they are.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

FOLDER = "seesay_app"
SHIPPED_SETTINGS = "config.toml"  # `seesay config --defaults` prints it


class BuildIntoOneFolder(build_py):
    """Copies packages and their data to below `seesay_app`, and config.toml beside them, as they stand in a checkout."""

    def run(self) -> None:
        if self.editable_mode:
            super().run()
            return
        # What an older build has left there, of modules that have moved since, would be put into the wheel as well.
        shutil.rmtree(self.build_lib, ignore_errors=True)
        top = sorted({package.partition(".")[0] for package in self.packages} - {FOLDER})
        self.package_dir = {FOLDER: FOLDER, **{f"{FOLDER}.{name}": name for name in top}}
        self.packages = [package if package == FOLDER else f"{FOLDER}.{package}" for package in self.packages]
        self.package_data = {f"{FOLDER}.{package}": patterns for package, patterns in self.package_data.items()}
        super().run()
        self.copy_file(SHIPPED_SETTINGS, str(Path(self.build_lib, FOLDER, SHIPPED_SETTINGS)))

    def get_source_files(self) -> list[str]:
        """What a source distribution needs."""
        return [*super().get_source_files(), SHIPPED_SETTINGS]


setup(cmdclass={"build_py": BuildIntoOneFolder})
