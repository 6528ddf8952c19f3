"""bertviz's views: everything they load replaced, and drawn by a browser without a network."""

import re

import numpy as np
import pytest

from minillm import viz
from tests.viz.pages import HOSTILE, causal_weights, softmax

pytest.importorskip("bertviz")
pytest.importorskip("mpld3")
pytest.importorskip("sphinxcontrib.jquery")
bridge = pytest.importorskip("minillm.viz.bertviz")

PAGE = """
<script src="https://example.org/require.min.js"></script><div id="vis"></div>
<script type="text/javascript">
require.config({
  paths: { d3: 'https://example.org/d3' }
});

requirejs(['jquery', 'd3'], function ($, d3) {
    const params = {"left_text": ["</script>", "PYTHON"]}; // HACK: {"left_text": []} is replaced
    draw(params);
});
</script>
"""


def test_the_page_is_freed_of_its_network():
    markup = bridge.stand_alone(PAGE)
    assert "example.org" not in markup
    assert "require" not in markup.partition("return module.exports")[0].partition("<script>")[0]
    assert '{"left_text":["\\u003c/script>","PYTHON"]};\n    draw(params);' in markup
    assert markup.count("</script>") == 1
    assert markup.endswith("})(jquery, d3);\n}</script>")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("require.min.js", "other.js", "has nothing like"),
        ("require.config", "config", "has nothing like"),
        ("requirejs(['jquery', 'd3']", "requirejs(['d3']", "has nothing like"),
        ("const params = ", "const settings = ", "const params"),
        ("});\n</script>", "}, 1);\n</script>", "no longer ends"),
        ("</script>\n", "</script>\n<p>more</p>", "one script"),
    ],
)
def test_a_new_release_of_bertviz_fails_loudly(old, new, message):
    head, _, tail = PAGE.rpartition(old)
    with pytest.raises(RuntimeError, match=re.escape(message)):
        bridge.stand_alone(head + new + tail)


def test_weights_are_written_with_three_digits_and_once(weights, tokens):
    view = viz.bertviz_heads(weights, tokens)
    rounded = np.round(weights.astype(np.float64), 3)
    assert str(rounded[0, 1, 5, 3]) in view.markup
    assert not re.search(r"0\.\d{4,}", view.markup.partition("const params")[2][:5000])
    assert view.markup.count('"left_text"') == 1


def test_arguments_of_no_use_are_refused(weights, tokens):
    with pytest.raises(ValueError, match="layer=2; expected 0 to 1"):
        viz.bertviz_heads(weights, tokens, layer=2)
    with pytest.raises(ValueError, match=r"heads=\[3\]"):
        viz.bertviz_heads(weights, tokens, heads=[3])
    with pytest.raises(ValueError, match="Layer 0 head 0 position 0"):
        viz.bertviz_model(weights * 2, tokens)
    with pytest.raises(ValueError, match="bertviz shows one pass"):
        viz.bertviz_heads({"a": weights, "b": weights}, tokens)


def test_where_no_script_runs_there_is_a_picture(weights, tokens):
    bundle = viz.bertviz_heads(weights, tokens)._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/png", "text/plain"}
    assert "2 layers x 3 heads" in bundle["text/plain"]


def test_the_picture_is_of_the_layer_that_is_shown_first(weights, tokens, monkeypatch):
    drawn = []
    monkeypatch.setattr(bridge, "attention_poster", lambda _, head, *rest: drawn.append(head))
    for layer in (0, 1):
        viz.bertviz_heads(weights, tokens, layer=layer).draw()
    assert [layer for layer, _ in drawn] == [0, 1]


@pytest.mark.browser
def test_the_head_view_draws_offline(open_page, tmp_path):
    weights = causal_weights(2, 3, len(HOSTILE))
    path = viz.bertviz_heads(weights, HOSTILE).save(tmp_path / "page.html")
    page = open_page(path, ready="svg")
    assert page.locator("svg line").count() > 100
    assert not page.locator("img").is_visible()
    texts = page.locator("svg text").all_text_contents()
    assert "</script>" in texts
    before = page.locator("svg line").first.get_attribute("stroke-opacity")
    page.get_by_label("Layer:").select_option("1")
    assert page.locator("svg line").count() > 100
    assert page.locator("svg line").first.get_attribute("stroke-opacity") is not None or before
    assert page.evaluate("[typeof window.d3, typeof window.jQuery, typeof window.$]") == [
        "undefined",
        "undefined",
        "undefined",
    ]


@pytest.mark.browser
def test_the_model_view_draws_offline_in_a_narrow_column(open_page, tmp_path, weights, tokens):
    path = viz.bertviz_model(weights, tokens).save(tmp_path / "page.html")
    page = open_page(path, ready="svg", width=500)
    assert page.locator("svg line").count() > 6 * 10
    assert page.evaluate("document.documentElement.scrollWidth") <= 500


@pytest.mark.browser
def test_cross_attention_keeps_its_two_texts(open_page, tmp_path):
    weights = softmax(np.random.default_rng(0).normal(size=(1, 2, 2, 3)))
    view = viz.bertviz_heads(weights, ["ein", "Hund"], keys=["a", "dog", "."])
    page = open_page(view.save(tmp_path / "page.html"), ready="svg")
    assert {"ein", "Hund", "a", "dog", "."} <= set(page.locator("svg text").all_text_contents())


@pytest.mark.browser
def test_several_views_on_a_page_all_draw(open_page, tmp_path, weights, tokens):
    views = [viz.bertviz_heads(weights, tokens), viz.bertviz_model(weights, tokens)]
    path = tmp_path / "page.html"
    both = "".join(view.html() for view in (*views, views[0]))
    path.write_text(f'<!doctype html><meta charset="utf-8"><body>{both}', encoding="utf-8")
    page = open_page(path, ready="svg")
    assert page.locator(".minillm-bertviz img:visible").count() == 0
    for view in page.locator(".minillm-bertviz").all()[:2]:
        assert view.locator("svg line").count() > 10
