"""The colour maps, from the same file as the script's: weights (0 to 1) and signed differences.

Lightness rises or falls steadily along each, so they read in grey and for colour-blind people.
"""

import json
from functools import cache
from pathlib import Path

import numpy as np

SCRIPTS = Path(__file__).parent / "js"


@cache
def ramp(name: str, theme: str = "light") -> np.ndarray:
    """256 colours `(256, 3)` uint8 of map `name` ("weights" or "signed"); linear between stops.

    >>> ramp("weights").shape, ramp("weights")[0].tolist()
    ((256, 3), [241, 245, 246])
    """
    stops = json.loads((SCRIPTS / "core" / "palette.json").read_text())[theme][name]
    colours = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in stops])
    at = np.linspace(0, len(stops) - 1, 256)
    channels = [np.interp(at, np.arange(len(stops)), colours[:, c]) for c in range(3)]
    return np.floor(np.stack(channels, -1) + 0.5).astype(np.uint8)
