"""A view as a widget: the same script, its selection readable from Python while a kernel runs."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minillm.viz import script

if TYPE_CHECKING:
    from anywidget import AnyWidget


def widget(
    kind: str,
    synced: dict[str, Any],
    selection: dict[str, Any],
    detail: Callable[[list[int]], bytes] | None,
) -> "AnyWidget":
    """An anywidget of the view `kind`; the page is given `synced`, and `selection` goes both ways.

    `detail` answers the page when it asks for the numbers of one more head.
    """
    import anywidget  # only here: the views themselves need no widget package
    import traitlets

    given = {
        "header": traitlets.Dict(),
        "strings": traitlets.Dict(),
        "lang": traitlets.Unicode(),
        "buffer": traitlets.Bytes(),
    }
    chosen = {name: traitlets.Any(allow_none=True) for name in selection}
    traits = {name: trait.tag(sync=True) for name, trait in {**given, **chosen}.items()}
    cls = type(
        f"Live{kind.title()}", (anywidget.AnyWidget,), {"_esm": script.module(kind), **traits}
    )
    made = cls(**synced, **selection)

    def answer(made: "AnyWidget", content: dict, buffers: list[bytes]) -> None:
        if detail is not None and "need" in content:
            made.send({"have": content["need"]}, buffers=[detail(content["need"])])

    made.on_msg(answer)
    return made
