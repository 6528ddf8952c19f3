"""Chinese in matplotlib's figures: drawn with an installed font, else by the reader's browser."""

import sys
import warnings

# Made for mainland China. Other fonts have the characters too, some as Japan writes them.
PREFERRED = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "SimHei",
)


def chinese_font() -> str | None:
    """The name of a font with which matplotlib draws Chinese, None where there is none."""
    from matplotlib import font_manager, ft2font

    ranks = {name: rank for rank, name in enumerate(PREFERRED)}
    installed = font_manager.fontManager.ttflist
    for entry in sorted(installed, key=lambda font: ranks.get(font.name, len(ranks))):
        if entry.name.startswith("Last Resort"):  # draws every character as a box
            continue
        try:
            if ft2font.FT2Font(entry.fname).get_char_index(ord("语")):
                return entry.name
        except (OSError, RuntimeError):  # a damaged file
            continue
    return None


def use_chinese() -> None:
    """Let figures say something in Chinese, with no box in the place of a character.

    Where no font is installed, notebooks get their figures as SVG, whose text the browser draws
    with a font of its own; matplotlib can then only guess how wide it will be. Chinese in one text
    with a formula stays out of reach.
    """
    import matplotlib

    if font := chinese_font():
        # First, because a text with a formula in it is drawn with the first family alone.
        others = [name for name in matplotlib.rcParams["font.family"] if name != font]
        matplotlib.rcParams["font.family"] = [font, *others]
        return
    matplotlib.rcParams["svg.fonttype"] = "none"
    warnings.filterwarnings("ignore", r"Glyph \d+ .*missing from font")
    ipython = sys.modules.get("IPython")
    if ipython and ipython.get_ipython():
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg")
