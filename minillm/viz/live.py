"""A view as a widget: the same script, its selection readable from Python while a kernel runs."""

from typing import TYPE_CHECKING

from minillm.language import language
from minillm.viz import script

if TYPE_CHECKING:
    from anywidget import AnyWidget

    from minillm.viz.engine import View


def widget(view: "View") -> "AnyWidget":
    """The anywidget of `view`; every name in `view.selection` is a trait, both ways."""
    import anywidget  # only here: the views themselves need no widget package
    import traitlets

    class Live(anywidget.AnyWidget):
        _esm = script.module(view.kind)
        header = traitlets.Dict().tag(sync=True)
        strings = traitlets.Dict().tag(sync=True)
        lang = traitlets.Unicode().tag(sync=True)
        buffer = traitlets.Bytes().tag(sync=True)

    chosen = {name: traitlets.Any(allow_none=True).tag(sync=True) for name in view.selection}
    cls = type(f"Live{view.kind.title()}", (Live,), chosen)
    made = cls(
        header=view.header,
        strings=view.strings,
        lang=language(),
        buffer=view.buffer,
        **view.selection,
    )
    if view.detail is not None:
        made.on_msg(_answer(view))
    return made


def _answer(view: "View"):
    """Send the numbers of one head, when the page asks for more than it was given."""

    def answer(made: "AnyWidget", content: dict, buffers: list[bytes]) -> None:
        if "need" in content:
            made.send({"have": content["need"]}, buffers=[view.detail(content["need"])])

    return answer
