"""A clock that jumps, for the processes that are started with it (clock.c). Times that are measured go on as they are, and the
machine's own clock is not touched."""
import os
import pathlib
import subprocess


class Clock:
    def __init__(self, folder):
        library = folder / "clock.so"
        subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", library, pathlib.Path(__file__).with_name("clock.c")], check=True)
        os.chmod(folder, 0o755)
        self._file = folder / "clock"
        self._file.touch()
        self.environment = {"CLOCK_OFF_FILE": str(self._file), "LD_PRELOAD": str(library)}

    def off(self, seconds):
        """From now on it is so far ahead of the machine's (negative: behind)."""
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{seconds}\n")
        os.chmod(beside, 0o644)
        os.replace(beside, self._file)
