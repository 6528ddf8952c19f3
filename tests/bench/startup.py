"""What `import minillm` adds to `import torch`."""

import statistics
import subprocess
import sys

from table import Row

GOAL = 0.3  # seconds


def rows() -> list[Row]:
    """The package's public modules, each timed in a fresh process after torch."""
    code = (
        "import torch, time; start = time.perf_counter(); import minillm; {more}"
        "print(time.perf_counter() - start)"
    )
    out = []
    for name, more in [
        ("import minillm, after torch", ""),
        (
            "import minillm.training and .generate, after torch",
            "import minillm.generate; import minillm.training; ",
        ),
    ]:
        times = [
            float(subprocess.check_output([sys.executable, "-c", code.format(more=more)]))
            for _ in range(5)
        ]
        took = statistics.median(times)
        out.append(Row(name, f"{took:.3f} s", f"allowed {GOAL} s", GOAL / took, 1))
    return out
