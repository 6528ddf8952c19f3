"""minillm/viz/fonts.py: Chinese in figures, with a font and without one."""

import sys
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from minillm.viz import fonts


@pytest.fixture(autouse=True)
def settings():
    """matplotlib's settings, as they were before and after each test."""
    with matplotlib.rc_context():
        yield


def drawn(text):
    """The text as pixels. A character that the fonts lack is a warning, and so fails the test."""
    figure = Figure(figsize=(1, 1))
    figure.text(0.2, 0.2, text, fontsize=30)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


needs_a_font = pytest.mark.skipif(
    fonts.chinese_font() is None, reason="there is no Chinese font on this machine"
)


@needs_a_font
@pytest.mark.parametrize("form", ["{}", "{} $-\\ln p$", "−1 {}"])
def test_each_chinese_character_is_drawn_as_itself(form, caplog):
    fonts.use_chinese()
    pictures = [drawn(form.format(letter)) for letter in ["", *"损失语"]]
    different = {picture.tobytes() for picture in pictures}
    assert len(different) == 4, "each was drawn as the same box"
    assert "does not have a glyph" not in caplog.text


def test_without_the_setting_a_missing_character_is_noticed():
    with pytest.warns(UserWarning, match="missing from font"):
        drawn("损")


@needs_a_font
def test_using_it_twice_is_using_it_once():
    fonts.use_chinese()
    once = list(matplotlib.rcParams["font.family"])
    fonts.use_chinese()
    assert matplotlib.rcParams["font.family"] == once


def only(monkeypatch, *names):
    """As if only these fonts were installed, beside matplotlib's own."""
    own = next(font for font in font_manager.fontManager.ttflist if font.name == "DejaVu Sans")
    listed = [SimpleNamespace(name=name, fname=f"{name}.ttf") for name in names]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [own, *listed])

    class Font:
        def __init__(self, path):
            self.letters = "e" if path == own.fname else "e语"

        def get_char_index(self, code):
            return self.letters.find(chr(code)) + 1

    monkeypatch.setattr("matplotlib.ft2font.FT2Font", Font)


@pytest.mark.parametrize(
    ("installed", "chosen"),
    [
        ((), None),
        (("Noto Sans CJK JP",), "Noto Sans CJK JP"),
        (("Noto Sans CJK JP", "SimHei", "Noto Sans CJK SC"), "Noto Sans CJK SC"),
        (("Last Resort High-Efficiency", "SimHei"), "SimHei"),
    ],
)
def test_of_the_fonts_with_chinese_one_made_for_china_is_chosen(monkeypatch, installed, chosen):
    only(monkeypatch, *installed)
    assert fonts.chinese_font() == chosen


def test_where_no_font_is_installed_the_browser_draws_the_text(monkeypatch, tmp_path):
    formats = []
    monkeypatch.setattr(fonts, "chinese_font", lambda: None)
    monkeypatch.setattr("IPython.get_ipython", lambda: object())
    monkeypatch.setattr("matplotlib_inline.backend_inline.set_matplotlib_formats", formats.append)
    fonts.use_chinese()
    assert formats == ["svg"]
    figure = Figure()
    figure.suptitle("损失怎样下降")
    figure.savefig(tmp_path / "figure.svg")  # a warning would fail the test
    assert ">损失怎样下降</text>" in (tmp_path / "figure.svg").read_text(encoding="utf-8")


def test_outside_a_notebook_nothing_is_asked_of_one(monkeypatch):
    monkeypatch.setattr(fonts, "chinese_font", lambda: None)
    monkeypatch.setitem(sys.modules, "matplotlib_inline.backend_inline", None)  # cannot be loaded
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    fonts.use_chinese()
    assert matplotlib.rcParams["svg.fonttype"] == "none"
