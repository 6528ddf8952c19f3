"""The attention view in a real browser: its homes, its pixels, its keys, its manners."""

import html

import numpy as np
import pytest

from minillm import viz
from minillm.viz import script
from minillm.viz.encode import encode
from minillm.viz.palette import ramp
from tests.viz.pages import (
    HOSTILE,
    MOUNT,
    causal_weights,
    cell_colours,
    cell_point,
    dom_counters,
    in_page,
    kept_png,
    kept_svg_texts,
    plain,
    settle,
    softmax,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def saved(tmp_path, weights, tokens):
    return viz.attention(weights, tokens).save(tmp_path / "page.html")


def readout(page) -> str:
    return plain(page.locator(".readout").inner_text())


def spoken(page) -> str:
    return plain(page.locator("[aria-live]").inner_text())


def test_it_draws_from_disk(open_page, saved):
    page = open_page(saved)
    assert not page.locator("img").is_visible()
    assert page.locator(".stage canvas").count() == 3
    assert "6 tokens" in page.locator(".bar").inner_text()


def test_it_draws_over_http_with_a_strict_policy(open_page, serve, saved):
    policy = {"Content-Security-Policy": "script-src 'self' 'unsafe-inline'"}
    page = open_page(f"{serve(saved.parent, policy)}/page.html")
    assert page.locator(".stage canvas.base").is_visible()
    page.get_by_role("button", name="Rollout").click()
    settle(page)
    assert "Rollout" in page.locator(".headline").inner_text()


def test_without_scripts_the_picture_and_its_words_show(open_page, saved):
    page = open_page(saved, ready=None, java_script_enabled=False)
    picture = page.locator("img")
    assert picture.is_visible()
    assert picture.bounding_box()["width"] > 500
    assert "layer 1, head 2" in picture.get_attribute("alt")
    assert page.locator("body").inner_text().strip() == ""  # nothing raw is left lying about


def test_a_page_that_cannot_start_keeps_the_picture_and_says_why(open_page, saved):
    text = saved.read_text(encoding="utf-8")
    at = text.index('"buffer":"') + 10
    saved.write_text(text[:at] + "AAAA" + text[at + 4 :], encoding="utf-8")
    page = open_page(saved, ready="[role=alert]")
    assert page.locator("img").is_visible()
    assert "could not start" in page.locator("[role=alert]").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_pixel_is_the_one_numpy_finds(open_page, saved, weights, theme):
    page = open_page(saved, color_scheme=theme)
    shown = cell_colours(page, 6, 6)
    expected = ramp("weights", theme)[encode(weights[1, 2])]
    seen = np.tril(np.ones((6, 6), bool))
    np.testing.assert_array_equal(shown[seen][:, :3], expected[seen])
    assert (shown[~seen][:, 3] == 0).all()  # what lies ahead has no cell


def test_a_difference_has_the_colours_numpy_finds(open_page, tmp_path, weights, tokens):
    frames = {"a": weights, "b": causal_weights(2, 3, 6, seed=5)}
    view = viz.attention(frames, tokens, compare=("a", "b"), head=(1, 1))
    page = open_page(view.save(tmp_path / "page.html"))
    shown = cell_colours(page, 6, 6)
    # the page knows the weights to a byte each
    first, second = ((encode(frames[name][1, 1]) / 255.0) ** 2 for name in "ab")
    change = first - second
    codes = np.clip(np.floor(128 + 127.5 * np.sign(change) * np.sqrt(np.abs(change))), 0, 255)
    expected = ramp("signed")[codes.astype(int)]
    lower = np.tril(np.ones((6, 6), bool)) & (change > -0.02)  # the others carry a minus sign
    assert lower.sum() >= 8
    assert np.abs(shown[lower][:, :3].astype(int) - expected[lower]).max() <= 2
    assert "a − b" in page.locator(".headline").inner_text()


def test_the_pointer_looks_and_a_click_pins(open_page, saved, weights):
    page = open_page(saved)
    page.mouse.move(*cell_point(page, 4, 3, (6, 6)))
    settle(page)
    share = 100 * weights[1, 2, 4, 3]
    assert "“on” (4)" in readout(page)
    assert "“at” (3)" in readout(page)
    assert abs(float(readout(page).split("about ")[1].split("%")[0]) - share) < 1
    page.mouse.click(*cell_point(page, 4, 3, (6, 6)))
    page.mouse.move(2, 2)
    settle(page)
    assert "“on” (4)" in readout(page)  # still, though the pointer has gone
    assert spoken(page).startswith("Pinned.")
    page.locator("details summary").click()
    rows = page.locator("table tbody tr").all_inner_texts()
    assert rows[0].split("\t")[:2] == ["at", "3"]
    page.mouse.move(*cell_point(page, 1, 3, (6, 6)))
    settle(page)
    assert "it comes later" in readout(page)


def test_the_strip_and_the_lines_are_linked_to_the_matrix(open_page, saved):
    page = open_page(saved)
    page.locator(".token", has_text="on").hover()
    settle(page)
    assert readout(page).startswith("“on”")
    marked = page.locator(".token.now")
    assert marked.all_inner_texts() == ["on"]
    box = page.locator(".stage canvas.base").bounding_box()
    page.mouse.move(
        box["x"] + box["width"] - 20, cell_point(page, 5, 0, (6, 6))[1]
    )  # the label of the last key
    settle(page)
    assert "is read most by" in readout(page)
    assert page.locator(".token.now").all_inner_texts() == ["it"]


def test_a_pointer_on_the_overview_previews_and_a_click_chooses(open_page, saved):
    page = open_page(saved)
    title = page.locator(".headline")
    assert title.inner_text().startswith("Layer 1 · Head 2")
    box = page.locator(".side canvas").first.bounding_box()
    point = (box["x"] + 20 + 25, box["y"] + 16 + 25)  # layer 0, head 0
    page.mouse.move(*point)
    settle(page)
    assert title.inner_text().startswith("Layer 0 · Head 0")
    page.mouse.move(2, 2)
    settle(page)
    assert title.inner_text().startswith("Layer 1 · Head 2")
    page.keyboard.down("Shift")
    page.mouse.click(*point)
    page.keyboard.up("Shift")
    settle(page)
    assert page.locator(".headline .one").all_inner_texts() == [
        "Layer 1 · Head 2",
        "Layer 0 · Head 0",
    ]


def test_everything_can_be_done_from_the_keyboard(open_page, saved):
    page = open_page(saved)
    press = page.keyboard.press

    def focused():
        return page.evaluate(
            """() => { const a = document.querySelector('.minillm-host').shadowRoot.activeElement;
            return a && (a.getAttribute('aria-label') ?? a.tagName + ' ' + a.textContent); }"""
        )

    stops = []
    for _ in range(12):
        press("Tab")
        stops.append(focused())
        if stops[-1] and stops[-1].startswith("Heads"):
            press("ArrowUp")
            press("ArrowLeft")
            settle(page)
            assert spoken(page).startswith("Layer 0 · Head 1")
            press("Enter")
        if stops[-1] and stops[-1].startswith("The text"):
            press("Home")
            press("ArrowRight")
            settle(page)
            assert "“cat” (1)" in spoken(page)
        if stops[-1] and stops[-1].startswith("Attention matrix"):
            for key in ("ArrowUp", "ArrowLeft", "Enter"):
                press(key)
            settle(page)
            assert spoken(page).startswith("Pinned.")
            press("Escape")
            settle(page)
            assert spoken(page) == "Nothing is pinned."
    # a panel is one stop, whatever is in it
    assert len([stop for stop in stops if stop and stop.startswith("Heads")]) == 1
    assert page.locator(".headline").inner_text().startswith("Layer 0 · Head 1")
    names = {stop.split(".")[0].split(" ")[0] for stop in stops if stop}
    assert {"Heads,", "The", "Attention"} <= names


def test_keys_stay_with_the_view(open_page, saved):
    page = open_page(saved)
    unmarked = page.evaluate(
        """() => [...document.querySelector('.minillm-host').shadowRoot.querySelectorAll(
            'button, select, input, summary, [tabindex]')]
            .filter((e) => !e.dataset.lmSuppressShortcuts).map((e) => e.outerHTML)"""
    )
    assert unmarked == []
    page.evaluate("window.heard = 0; document.addEventListener('keydown', () => window.heard++)")
    page.locator(".stage").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("window.heard") == 0
    page.keyboard.press("a")
    assert page.evaluate("window.heard") == 1  # only the keys it uses


def test_the_hostile_tokens_are_text_everywhere(open_page, tmp_path):
    view = viz.attention(causal_weights(2, 2, len(HOSTILE)), HOSTILE)
    page = open_page(view.save(tmp_path / "page.html"))
    shown = page.locator(".token").all_text_contents()
    assert shown[:4] == ["<script>alert(1)</script>", "</script>", "</SCRIPT>", "<!--"]
    assert shown[8] == "↵"
    assert shown[9] == "U+2028"
    assert shown[12:15] == ["E4·BD", "A0", "∅"]
    inside = "document.querySelector('.minillm-host').shadowRoot"
    assert page.evaluate(f"{inside}.querySelectorAll('script, b, img').length") == 0
    for row in range(len(HOSTILE)):
        page.mouse.move(*cell_point(page, row, 0, (len(HOSTILE), len(HOSTILE))))
        settle(page)
    texts = kept_svg_texts(page)
    assert "</script>" in texts


def test_pictures_can_be_kept(open_page, saved):
    page = open_page(saved)
    picture = kept_png(page)
    assert picture.startswith(b"\x89PNG")
    assert int.from_bytes(picture[16:20], "big") > 900  # pixels across


def test_hiding_the_first_token_scales_the_rest(open_page, saved, weights):
    page = open_page(saved)
    page.get_by_role("button", name="Hide the first token").click()
    settle(page)
    shown = cell_colours(page, 6, 6)
    known = (encode(weights[1, 2]) / 255.0) ** 2
    rest = known.copy()
    rest[:, 0] = 0
    rest[1:] *= (known.sum(-1) / rest.sum(-1).clip(1e-9))[1:, None]
    lower = np.tril(np.ones((6, 6), bool))
    expected = ramp("weights")[encode(rest)]
    assert np.abs(shown[lower][:, :3].astype(int) - expected[lower]).max() <= 2


def test_pieces_of_words_are_merged(open_page, saved):
    page = open_page(saved)
    page.get_by_role("button", name="Whole words").click()
    settle(page)
    assert page.locator(".token").all_inner_texts() == ["The", "cat", "sat", "on", "it"]
    page.mouse.move(*cell_point(page, 3, 2, (5, 5)))
    settle(page)
    assert "“on” (4)" in readout(page)  # positions are still the tokens'
    assert "“sat” (2)" in readout(page)


def test_a_pin_stays_with_its_token_as_words_are_merged(open_page, saved):
    page = open_page(saved)
    page.locator(".token", has_text="at").nth(1).click()  # the first is in "cat"
    for _ in range(2):
        page.mouse.move(2, 2)
        settle(page)
        assert "“at” (3) reads" in readout(page)
        page.get_by_role("button", name="Whole words").click()
        page.mouse.move(2, 2)
        settle(page)
        assert "“sat” (2) reads" in readout(page)
        page.get_by_role("button", name="Whole words").click()


def test_a_threshold_hides_small_weights(open_page, saved, weights):
    page = open_page(saved)
    page.locator('input[type="range"]').fill("0.4")  # squared: 16%
    settle(page)
    shown = cell_colours(page, 6, 6)
    known = (encode(weights[1, 2]) / 255.0) ** 2
    hidden = np.tril(np.ones((6, 6), bool)) & (known < 0.16)
    assert hidden.any()
    np.testing.assert_array_equal(
        shown[hidden][:, :3], np.tile(ramp("weights")[0], (hidden.sum(), 1))
    )
    assert page.locator("output").inner_text() == "16%"


def test_checkpoints_play_and_end(open_page, tmp_path, tokens):
    frames = {f"step {i}": causal_weights(2, 2, 6, seed=i) for i in range(5)}
    page = open_page(viz.attention(frames, tokens).save(tmp_path / "page.html"))
    name = page.locator(".frames .name")
    assert name.inner_text() == "step 4"
    page.get_by_role("slider", name="Which weights").fill("1")
    settle(page)
    assert name.inner_text() == "step 1"
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(
        """() => document.querySelector('.minillm-host').shadowRoot
            .querySelector('.frames .name').textContent === 'step 4'"""
    )
    assert page.get_by_role("button", name="Play").is_visible()


def test_cross_attention_has_two_texts(open_page, tmp_path):
    weights = softmax(np.random.default_rng(0).normal(size=(1, 2, 3, 5)) * 2)
    view = viz.attention(weights, ["ein", "kleiner", "Hund"], keys=["a", "small", "dog", ".", "!"])
    page = open_page(view.save(tmp_path / "page.html"))
    assert page.locator(".strip").count() == 2
    page.locator(".token", has_text="small").hover()
    settle(page)
    assert "“small” (1) is read most by" in readout(page)
    head = weights[tuple(view.selection["head"])]
    np.testing.assert_array_equal(cell_colours(page, 3, 5)[..., :3], ramp("weights")[encode(head)])


def test_one_row_of_a_cache_and_shared_keys(open_page, tmp_path, weights, tokens):
    view = viz.attention(weights[:, :, -1:], tokens, groups=3)
    page = open_page(view.save(tmp_path / "page.html"))
    page.locator(".strip").focus()
    page.keyboard.press("End")
    settle(page)
    assert "“it” (5)" in readout(page)
    assert cell_colours(page, 1, 6).shape == (1, 6, 4)


def test_a_long_text_is_pooled_and_says_so(open_page, tmp_path):
    T = 320
    weights = causal_weights(12, 12, T)
    view = viz.attention(weights, [f"t{i}" for i in range(T)])
    page = open_page(view.save(tmp_path / "page.html"))
    assert "heads are pooled" in page.locator(".tools").inner_text()
    layer, head = view.selection["head"]
    page.locator(".panel").first.focus()
    while [layer, head] in view.header["whole"]:
        key, head = ("ArrowLeft", head - 1) if head else ("ArrowUp", head)
        page.keyboard.press(key)
        layer -= key == "ArrowUp"
    settle(page)
    page.mouse.move(*cell_point(page, 20, 10, (64, 64)))
    settle(page)
    block = weights[layer, head, 100:105, 50:55].max()
    assert "the strongest weight near" in readout(page)
    assert abs(float(readout(page).split("about ")[1].rstrip(".%")) - 100 * block) < 1.5


@pytest.mark.parametrize("size", [6, 40, 200])
def test_few_elements_stand_for_many_weights(open_page, tmp_path, size):
    view = viz.attention(causal_weights(4, 4, size), [f"t{i}" for i in range(size)])
    page = open_page(view.save(tmp_path / "page.html"))
    page.mouse.click(*cell_point(page, size - 1, 0, (size, size)))
    settle(page)
    count = page.evaluate(
        "document.querySelector('.minillm-host').shadowRoot.querySelectorAll('*').length"
    )
    assert count <= 200 + 2 * size


def test_two_views_on_a_page_do_not_meet(open_page, tmp_path, weights, tokens):
    first = viz.attention(weights, tokens)
    second = viz.attention(weights[::-1], tokens, head=(0, 0))
    path = tmp_path / "page.html"
    path.write_text(in_page(first, second, first), encoding="utf-8")
    page = open_page(path)
    page.wait_for_function("document.querySelectorAll('.minillm-host').length === 3")
    settle(page)
    page.locator(".minillm-host").nth(0).locator(".token").nth(2).click()
    settle(page)
    lines = [plain(line) for line in page.locator(".readout").all_inner_texts()]
    assert "“s” (2)" in lines[0]
    assert lines[1] == lines[2]
    assert page.evaluate("Object.keys(window).filter((n) => n.startsWith('minillm'))") == []


def test_the_book_s_shared_script_serves_displays_before_and_after_it(
    open_page, tmp_path, weights, tokens
):
    view = viz.attention(weights, tokens)
    (tmp_path / "views.js").write_text(script.shared(), encoding="utf-8")
    one = view.html(shared=True)
    path = tmp_path / "page.html"
    path.write_text(
        f'<!doctype html><meta charset="utf-8"><body>{one}<script src="views.js"></script>{one}',
        encoding="utf-8",
    )
    page = open_page(path)
    page.wait_for_function("document.querySelectorAll('.minillm-host').length === 2")
    assert page.locator(".stage").count() == 2


@pytest.fixture
def mounted(open_page, serve, tmp_path, weights, tokens):
    """A page with the module beside it, as a widget manager would load it."""
    view = viz.attention(weights, tokens)
    (tmp_path / "view.mjs").write_text(script.module("attention"), encoding="utf-8")
    html = view.html(shared=True)  # no script of its own
    (tmp_path / "page.html").write_text(
        f'<!doctype html><meta charset="utf-8"><title>x</title><body>{html}', encoding="utf-8"
    )
    return open_page(f"{serve(tmp_path)}/page.html", ready=None)


def test_choices_are_told_and_taken(mounted):
    mounted.evaluate(MOUNT, 1)
    settle(mounted)
    mounted.locator(".token", has_text="on").click()
    settle(mounted)
    told = dict(mounted.evaluate("window.told"))
    assert told == {"token": 4, "key": None}  # a head was not chosen, so none is told
    mounted.locator(".side .panel").focus()
    mounted.keyboard.press("ArrowUp")
    mounted.keyboard.press("Enter")
    settle(mounted)
    assert dict(mounted.evaluate("window.told"))["head"] == [0, 2]
    mounted.evaluate("window.model.change('head', [0, 1])")
    mounted.evaluate("window.model.change('token', 2)")
    settle(mounted)
    assert mounted.locator(".headline").inner_text().startswith("Layer 0 · Head 1")
    assert "“s” (2)" in readout(mounted)


def test_fifty_mounts_leave_nothing_behind(mounted):
    session = mounted.context.new_cdp_session(mounted)

    mounted.evaluate(MOUNT, 3)
    before = dom_counters(session)
    mounted.evaluate(MOUNT, 51)
    mounted.evaluate("document.body.children[1].remove()")  # one of the two views that stand
    after = dom_counters(session)
    # the one view that stands, and no fifty more
    assert after["nodes"] <= before["nodes"] + 60
    assert after["jsEventListeners"] <= before["jsEventListeners"] + 40


def test_the_theme_follows_the_page(open_page, tmp_path, weights, tokens):
    path = tmp_path / "page.html"
    dark = "<style>[data-theme=dark] body { background: #111 }</style>"
    path.write_text(in_page(viz.attention(weights, tokens), head=dark), encoding="utf-8")
    page = open_page(path)
    box = page.locator(".view")
    assert box.get_attribute("data-theme") == "light"
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_timeout(100)
    settle(page)
    assert box.get_attribute("data-theme") == "dark"
    lower = np.tril(np.ones((6, 6), bool))
    expected = ramp("weights", "dark")[encode(weights[1, 2])]
    np.testing.assert_array_equal(cell_colours(page, 6, 6)[lower][:, :3], expected[lower])
    page.mouse.move(*cell_point(page, 3, 0, (6, 6)))
    settle(page)
    chip = page.locator(".token").nth(2).evaluate("(e) => getComputedStyle(e).backgroundColor")
    assert chip == "rgb({}, {}, {})".format(*expected[3, 2])


def test_forced_colours_and_small_screens_keep_it_whole(open_page, saved):
    page = open_page(saved, forced_colors="active", reduced_motion="reduce", width=420)
    assert page.locator(".stage canvas.base").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 420


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(open_page, tmp_path, weights, tokens, axe, theme):
    frames = {"step 0": weights, "step 1": weights}
    page = open_page(viz.attention(frames, tokens).save(tmp_path / "p.html"), color_scheme=theme)
    page.mouse.click(*cell_point(page, 4, 2, (6, 6)))
    settle(page)
    assert axe(page) == []


def test_it_draws_in_a_sandboxed_frame_of_another_origin(open_page, tmp_path, saved):
    inner = html.escape(saved.read_text(encoding="utf-8"), quote=True)
    outer = tmp_path / "outer.html"
    outer.write_text(
        '<!doctype html><meta charset="utf-8"><title>x</title><body>'
        f'<iframe sandbox="allow-scripts" width="900" height="700" srcdoc="{inner}"></iframe>',
        encoding="utf-8",
    )
    page = open_page(outer, ready=None)
    frame = page.frame_locator("iframe")
    frame.locator(".stage canvas.base").wait_for()
    frame.locator(".token", has_text="on").hover()
    assert "“on”" in plain(frame.locator(".readout").inner_text(timeout=5000))
