"""minillm: how language models work, and where they get stuck.

A package small enough to read in an afternoon, in the order of the course's lessons.
"""

import importlib
from types import ModuleType

__version__ = "0.1.0"


def __getattr__(name: str) -> ModuleType:
    """`minillm.generate` works after `import minillm`; a part is loaded when it is first named."""
    try:
        return importlib.import_module(f"minillm.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"minillm.{name}":
            raise
        raise AttributeError(f"minillm has no part called {name!r}") from None
