"""A process without a network, and with a home of its own."""

import os
from pathlib import Path

ROOT = Path(__file__).parent.parent


class Offline:
    """What to start a process with, and what it did.

    Nothing of the user's own settings, caches and records is read or written.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(
                [str(ROOT / "lessons/guard"), *filter(None, [os.environ.get("PYTHONPATH")])]
            ),
            "MINILLM_GUARD": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_DATA_HOME": str(folder / "data"),
            "IPYTHONDIR": str(folder / "ipython"),
            "JUPYTER_CONFIG_DIR": str(folder / "jupyter/config"),
            "JUPYTER_DATA_DIR": str(folder / "jupyter/data"),
            "JUPYTER_RUNTIME_DIR": str(folder / "jupyter/runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(folder / "jupyter/lab/settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "jupyter/lab/workspaces"),
            # Kept from run to run: matplotlib takes seconds to list the fonts.
            "MPLCONFIGDIR": str(ROOT / "build/matplotlib"),
        }
        self.env.pop("MINILLM_LANG", None)

    def attempts(self) -> list[str]:
        """Each attempt to reach another machine."""
        return self._lines("network.log")

    def peak_bytes(self) -> int:
        """The memory that the largest of the processes held at most; known when it has ended."""
        peaks = [int(line) for line in self._lines("memory.log")]
        assert peaks, "no process has ended in order"
        return max(peaks)

    def _lines(self, name: str) -> list[str]:
        log = self.folder / name
        return log.read_text().splitlines() if log.exists() else []
