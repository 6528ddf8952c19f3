"""The curve view in a real browser: its readouts, its lines, its keys, its manners."""

import base64
import csv
import io
import json
import math
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from minillm import viz
from minillm.viz import script
from tests.viz.pages import HOSTILE, dom_counters, kept_svg_texts, settle
from tests.viz.runs import records

pytestmark = pytest.mark.browser

HOST = "document.querySelector('.minillm-host').shadowRoot"


@pytest.fixture
def told():
    return records(240)


@pytest.fixture
def saved(tmp_path, told):
    view = viz.curve(told, floor=1.3, marks={"ln V": 5.1}, unit="nats per character")
    return view.save(tmp_path / "page.html")


@pytest.fixture
def compared(tmp_path, told):
    runs = {"Muon": told, "AdamW": records(200, end=2.5, seed=1)}
    return viz.curve(runs).save(tmp_path / "page.html")


def frame(page) -> tuple[dict, float, float]:
    """The main plot's frame and the part of the axis that it shows."""
    return json.loads(page.evaluate(f"{HOST}.querySelector('.plot').dataset.frame"))


def point(page, step: float, height: float = 0.5) -> tuple[float, float]:
    """Where a step is on the screen, in the main plot."""
    box = page.locator(".plot canvas.top").first.bounding_box()
    where, low, high = frame(page)
    x = where["left"] + (step - low) / (high - low) * (where["right"] - where["left"])
    return box["x"] + x, box["y"] + where["top"] + height * (where["bottom"] - where["top"])


def look_at(page, step: float) -> None:
    page.mouse.move(*point(page, step))
    settle(page)


def place(page) -> str:
    return page.locator(".place").inner_text()


def values(page, run: int = 0) -> list[float]:
    """What a run's chip says: loss, held-out loss."""
    shown = page.locator(".chip").nth(run).locator("b").all_inner_texts()
    return [math.nan if text == "–" else float(text.replace(",", "")) for text in shown]


def spoken(page) -> str:
    return page.locator("[aria-live]").inner_text()


@pytest.mark.parametrize("step", [1, 39, 40, 137, 240])
def test_the_readout_is_the_data(open_page, saved, told, step):
    page = open_page(saved)
    look_at(page, step)
    record = told[step - 1]
    seconds = f"{record['seconds']:.1f} s"
    assert place(page) == f"Step {step} · {record['tokens']:,} tokens · {seconds}"
    held_out = next((r["val_loss"] for r in reversed(told[:step]) if "val_loss" in r), math.nan)
    np.testing.assert_allclose(values(page), [record["loss"], held_out], atol=0.0006)
    small = page.locator(".small figure")
    rate = float(small.filter(has_text="learning rate").locator("b").inner_text())
    norm = float(small.filter(has_text="gradient norm").first.locator("b").inner_text())
    np.testing.assert_allclose([rate, norm], [record["lr"], record["grad_norm"]], atol=0.0006)
    measured = 40 * (step // 40)
    kinds = small.filter(has_text="above the floor").locator(".values").inner_text()
    assert "grammar" in kinds
    assert "recall" in kinds
    if measured:
        recall = float(kinds.split("recall")[1])
        assert abs(recall - 9 / measured) < 0.0006
        assert page.locator("pre").inner_text() == f"written after {measured}"


def test_at_rest_it_shows_the_end(open_page, saved, told):
    page = open_page(saved)
    assert place(page).startswith("Step 240 ·")
    np.testing.assert_allclose(values(page), [told[-1]["loss"], told[-1]["val_loss"]], atol=0.0006)
    assert "nats per character" in page.locator(".unit").inner_text()


def test_the_line_passes_through_every_point(open_page, tmp_path):
    """The pixels of the plot: a line of a run without noise, where the numbers say."""
    losses = np.linspace(4, 1, 50)
    page = open_page(viz.curve(losses).save(tmp_path / "page.html"))
    where, _low, _high = frame(page)
    found = page.evaluate(
        f"""(xs) => {{
            const canvas = {HOST}.querySelector('.plot canvas.base');
            const context = canvas.getContext('2d');
            const blue = ([r, g, b]) => b > 120 && b - r > 50;
            return xs.map((x) => {{
                const column = context.getImageData(Math.round(x), 0, 1, canvas.height).data;
                for (let y = 0; y < canvas.height; y++)
                    if (blue(column.slice(4 * y, 4 * y + 3))) return y;
                return null;
            }});
        }}""",
        [where["left"] + (where["right"] - where["left"]) * i / 49 for i in range(2, 48)],
    )
    heights = np.array(found, dtype=float)
    expected = np.polyval(np.polyfit(np.arange(2, 48), heights, 1), np.arange(2, 48))
    np.testing.assert_allclose(heights, expected, atol=1.5)  # the losses lie on a line
    across = (heights[-1] - heights[0]) / (where["bottom"] - where["top"])
    # the frame leaves 6% of the range above and below
    np.testing.assert_allclose(across, (45 / 49) / 1.12, atol=0.02)


def test_a_drag_zooms_and_escape_comes_back(open_page, saved):
    page = open_page(saved)
    assert frame(page)[1:] == [1, 240]
    page.mouse.move(*point(page, 60))
    page.mouse.down()
    page.mouse.move(*point(page, 90), steps=3)
    page.mouse.move(*point(page, 120), steps=3)
    page.mouse.up()
    settle(page)
    low, high = frame(page)[1:]
    assert abs(low - 60) < 1
    assert abs(high - 120) < 1
    look_at(page, 100)
    assert place(page).startswith("Step 100 ·")
    page.locator(".plot").first.focus()
    page.mouse.move(2, 2)
    page.keyboard.press("Escape")
    settle(page)
    assert frame(page)[1:] == [1, 240]
    for name, wider in (("Zoom in", False), ("Whole run", True)):
        page.get_by_role("button", name=name).click()
        settle(page)
        assert (frame(page)[1:] == [1, 240]) == wider


def test_a_click_pins_and_a_drag_of_nothing_does_not_zoom(open_page, saved):
    page = open_page(saved)
    page.mouse.click(*point(page, 100))
    page.mouse.move(2, 2)
    settle(page)
    assert place(page).startswith("Step 100 ·")
    assert spoken(page).startswith("Pinned. Step 100 ·")
    assert frame(page)[1:] == [1, 240]
    page.mouse.click(*point(page, 100))
    page.mouse.move(2, 2)
    settle(page)
    assert place(page).startswith("Step 240 ·")


def test_everything_can_be_done_from_the_keyboard(open_page, saved, told):
    page = open_page(saved)
    page.locator(".plot").first.focus()
    for keys, step in (
        (["Home"], 1),
        (["ArrowRight"] * 3, 4),
        (["Shift+ArrowRight"], 14),
        (["ArrowLeft"], 13),
        (["End"], 240),
        (["Shift+ArrowLeft", "Shift+ArrowLeft"], 220),
    ):
        for key in keys:
            page.keyboard.press(key)
        settle(page)
        assert place(page).startswith(f"Step {step} ·")
        assert f"Step {step} ·" in spoken(page)
        assert f"{told[step - 1]['loss']:.3f}" in spoken(page)
    page.keyboard.press("+")
    settle(page)
    low, high = frame(page)[1:]
    assert low > 100
    assert low <= 220 <= high
    page.keyboard.press("-")
    page.keyboard.press("-")
    page.keyboard.press("Enter")
    settle(page)
    assert frame(page)[1:] == [1, 240]
    assert spoken(page).startswith("Pinned. Step 220")
    page.keyboard.press("Escape")
    settle(page)
    assert spoken(page) == "Nothing is pinned."


def test_keys_stay_with_the_view(open_page, saved):
    page = open_page(saved)
    unmarked = page.evaluate(
        f"""() => [...{HOST}.querySelectorAll('button, select, input, summary, [tabindex]')]
            .filter((e) => !e.dataset.lmSuppressShortcuts).map((e) => e.outerHTML)"""
    )
    assert unmarked == []
    page.evaluate("window.heard = 0; document.addEventListener('keydown', () => window.heard++)")
    page.locator(".plot").first.focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("window.heard") == 0
    page.keyboard.press("a")
    assert page.evaluate("window.heard") == 1


def test_runs_are_compared_and_switched_off(open_page, compared, told):
    page = open_page(compared)
    other = records(200, end=2.5, seed=1)
    look_at(page, 150)
    np.testing.assert_allclose(values(page, 0)[0], told[149]["loss"], atol=0.0006)
    np.testing.assert_allclose(values(page, 1)[0], other[149]["loss"], atol=0.0006)
    look_at(page, 230)  # the second had ended
    assert math.isnan(values(page, 1)[0])
    chip = page.locator(".chip").nth(0)
    chip.click()
    settle(page)
    assert chip.get_attribute("aria-pressed") == "false"
    assert frame(page)[1:] == [1, 200]
    page.locator(".chip").nth(1).click()
    settle(page)
    assert "Every run is hidden" in page.locator(".view").inner_text()
    chip.click()
    settle(page)
    assert frame(page)[1:] == [1, 240]
    dashes = page.evaluate(
        f"""[...{HOST}.querySelectorAll('.chip svg path:first-child')]
            .map((path) => [path.getAttribute('stroke'), path.getAttribute('stroke-dasharray')])"""
    )
    assert len({colour for colour, _ in dashes}) == len({dash for _, dash in dashes}) == 2


def test_the_axis_can_be_tokens_or_seconds(open_page, compared):
    page = open_page(compared)
    axis = page.get_by_role("combobox")
    for name, last in (("tokens", 768 * 240), ("seconds", 0.07 * 240)):
        axis.select_option(name)
        settle(page)
        np.testing.assert_allclose(frame(page)[2], last, rtol=1e-6)
    look_at(page, 0.07 * 100)
    assert place(page).startswith("Step 100 ·")


def test_logarithmic_axes_and_smoothing(open_page, saved):
    page = open_page(saved)

    def picture() -> str:
        return page.evaluate(f"{HOST}.querySelector('.plot canvas.base').toDataURL()")

    seen = {picture()}
    for name in ("log steps", "log loss"):
        button = page.get_by_role("button", name=name)
        button.click()
        settle(page)
        assert button.get_attribute("aria-pressed") == "true"
        seen.add(picture())
    slider = page.locator(".tools input")
    assert page.locator("output").inner_text() == "2 steps"
    slider.fill("3")
    settle(page)
    assert page.locator("output").inner_text() == "10 steps"
    seen.add(picture())
    slider.fill("0")
    settle(page)
    assert page.locator("output").inner_text() == "nothing"
    seen.add(picture())
    assert len(seen) == 5


def test_gaps_are_gaps_and_are_said(open_page, tmp_path):
    losses = [3.0 - i / 50 for i in range(100)]
    losses[40:60] = [math.nan] * 20
    page = open_page(viz.curve(losses).save(tmp_path / "page.html"))
    assert "20 losses are no numbers, the first at step 41" in page.locator(".hint").inner_text()
    look_at(page, 50)
    assert page.locator(".chip b").inner_text() == "not a number"
    where, low, high = frame(page)
    edges = [
        where["left"] + (step - low) / (high - low) * (where["right"] - where["left"])
        for step in (42, 59)
    ]
    blue = page.evaluate(
        f"""([from, to]) => {{
            const canvas = {HOST}.querySelector('.plot canvas.base');
            const {{ data }} = canvas.getContext('2d')
                .getImageData(from, 0, to - from, canvas.height);
            let count = 0;
            for (let i = 0; i < data.length; i += 4)
                if (data[i + 3] > 40 && data[i + 2] - data[i] > 60) count++;
            return count;
        }}""",
        edges,
    )
    assert blue == 0


def test_pictures_and_numbers_can_be_kept(open_page, compared, told):
    page = open_page(compared)
    kept = {}
    for name in ("PNG", "SVG", "CSV"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        kept[name] = Path(download.value.path()).read_bytes()
    assert kept["PNG"].startswith(b"\x89PNG")
    assert int.from_bytes(kept["PNG"][16:20], "big") > 1500  # pixels across
    tree = ElementTree.fromstring(kept["SVG"])
    texts = {"".join(node.itertext()) for node in tree.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Muon", "AdamW", "nats per token", "learning rate", "step"} <= texts
    rows = list(csv.DictReader(io.StringIO(kept["CSV"].decode())))
    assert len(rows) == 440
    assert [row["run"] for row in rows[::240]] == ["Muon", "AdamW"]
    mine = [float(row["loss"]) for row in rows[:240]]
    np.testing.assert_array_equal(np.float32(mine), np.float32([r["loss"] for r in told]))
    assert [row["val_loss"] != "" for row in rows[:41]] == [False] * 39 + [True, False]
    assert float(rows[39]["regret.recall"]) == pytest.approx(9 / 40)


def test_the_table_says_some_of_it(open_page, saved, told):
    page = open_page(saved)
    page.locator("summary").click()
    page.wait_for_selector("table")
    cells = page.locator("table tbody tr").all_inner_texts()
    assert len(cells) == 12
    assert cells[-1].split("\t")[:2] == ["240", f"{told[-1]['loss']:.3f}"]
    heads = page.locator("table thead th").all_inner_texts()
    assert heads == ["step", "loss", "held out", "learning rate", "gradient norm"]


def test_hostile_names_are_text_everywhere(open_page, tmp_path):
    names = [str(token) for token in HOSTILE]
    runs = {}
    for i, name in enumerate(names):
        record = {"loss": 2.0 + i / 10, "sample": name, "regret": {name: 1.0}}
        runs[name] = [{**record, "grad_norms": {name: 1.0}}, {"loss": 1.0}]
    view = viz.curve(runs, marks=dict.fromkeys(names, 1.5), unit=names[0])
    page = open_page(view.save(tmp_path / "page.html"))
    shown = page.locator(".chip .name").all_text_contents()
    assert shown[:4] == ["<script>alert(1)</script>", "</script>", "</SCRIPT>", "<!--"]
    assert page.evaluate(f"{HOST}.querySelectorAll('script, img').length") == 0
    assert page.locator("pre").all_text_contents()[:2] == names[:2]
    page.mouse.move(*point(page, 1.2))
    page.locator("summary").click()
    settle(page)
    assert page.evaluate(f"{HOST}.querySelectorAll('script, img').length") == 0
    texts = kept_svg_texts(page)
    assert "</script>" in texts
    assert page.evaluate("document.documentElement.scrollWidth") <= 1000


def test_two_views_on_a_page_do_not_meet(open_page, tmp_path, told):
    body = viz.curve(told).html() + viz.curve(told[:100]).html()
    path = tmp_path / "page.html"
    path.write_text(f'<!doctype html><html lang="en"><meta charset="utf-8"><body>{body}')
    page = open_page(path, height=2400)
    page.wait_for_function("document.querySelectorAll('.minillm-host').length === 2")
    settle(page)
    look_at(page, 50)
    places = page.locator(".place").all_inner_texts()
    assert [text.split(" ·")[0] for text in places] == ["Step 50", "Step 100"]
    assert page.evaluate("Object.keys(window).filter((n) => n.startsWith('minillm'))") == []


def test_the_book_s_shared_script_serves_it(open_page, tmp_path, told):
    (tmp_path / "views.js").write_text(script.shared(), encoding="utf-8")
    path = tmp_path / "page.html"
    path.write_text(
        f'<!doctype html><meta charset="utf-8"><body>{viz.curve(told).html(shared=True)}'
        '<script src="views.js"></script>',
        encoding="utf-8",
    )
    assert open_page(path).locator(".plot canvas.base").first.is_visible()


MOUNT = """async (times) => {
    const { default: view } = await import('./view.mjs');
    const island = JSON.parse(document.querySelector('[type="application/json"]').textContent);
    const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    for (let i = 0; i < times; i++) {
        const values = { ...island, step: null, buffer: bytes(island.buffer) };
        const listeners = {};
        window.told = [];
        window.model = {
            get: (name) => values[name],
            set: (name, value) => { values[name] = value; window.told.push([name, value]); },
            on: (event, listener) => (listeners[event] ??= []).push(listener),
            off: (event, listener) => {
                listeners[event] = listeners[event].filter((other) => other !== listener);
            },
            save_changes: () => {},
            change: (patch) => {
                Object.assign(values, patch);
                for (const name of Object.keys(patch))
                    (listeners[`change:${name}`] ?? []).forEach((listener) => listener());
            },
            left: () => Object.values(listeners).flat().length,
        };
        const el = document.createElement('div');
        document.body.append(el);
        const end = await view.render({ model: window.model, el });
        if (i === times - 1) break;
        end();
        el.remove();
        if (window.model.left()) throw Error('a listener is left');
    }
}"""


@pytest.fixture
def mounted(open_page, serve, tmp_path, told):
    """A page with the module beside it, as a widget manager would load it."""
    (tmp_path / "view.mjs").write_text(script.module("curve"), encoding="utf-8")
    html = viz.curve(told).html(shared=True)  # no script of its own
    (tmp_path / "page.html").write_text(
        f'<!doctype html><meta charset="utf-8"><title>x</title><body>{html}', encoding="utf-8"
    )
    return open_page(f"{serve(tmp_path)}/page.html", ready=None)


def test_it_grows_as_numbers_come_and_keeps_what_the_reader_chose(mounted, told):
    later = viz.curve([*told, {**told[-1], "step": 300, "tokens": 240000, "seconds": 21.0}])
    mounted.evaluate(MOUNT, 1)
    settle(mounted)
    assert frame(mounted)[2] == 240
    mounted.locator(".tools input").fill("3")
    mounted.mouse.click(*point(mounted, 100))
    mounted.mouse.move(2, 2)
    settle(mounted)
    mounted.evaluate(
        """([header, buffer]) => model.change(
            { header, buffer: Uint8Array.from(atob(buffer), (c) => c.charCodeAt(0)) })""",
        [{**later.header, "live": True}, base64.b64encode(later.buffer).decode()],
    )
    mounted.wait_for_function(f"JSON.parse({HOST}.querySelector('.plot').dataset.frame)[2] === 300")
    settle(mounted)
    assert mounted.locator(".state").is_visible()
    assert place(mounted).startswith("Step 100 ·")
    assert mounted.locator("output").inner_text() == "10 steps"


def test_the_pinned_step_is_told_and_taken(mounted):
    mounted.evaluate(MOUNT, 1)
    settle(mounted)
    mounted.mouse.click(*point(mounted, 100))
    settle(mounted)
    assert mounted.evaluate("window.told") == [["step", 100]]
    mounted.mouse.move(2, 2)
    mounted.evaluate("window.model.change({ step: 33 })")
    settle(mounted)
    assert place(mounted).startswith("Step 33 ·")


def test_fifty_mounts_leave_nothing_behind(mounted):
    session = mounted.context.new_cdp_session(mounted)

    mounted.evaluate(MOUNT, 3)
    before = dom_counters(session)
    mounted.evaluate(MOUNT, 51)
    mounted.evaluate("document.body.children[1].remove()")  # one of the two views that stand
    after = dom_counters(session)
    assert after["nodes"] <= before["nodes"] + 120
    assert after["jsEventListeners"] <= before["jsEventListeners"] + 60


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(open_page, compared, axe, theme):
    page = open_page(compared, color_scheme=theme)
    assert page.locator(".view").get_attribute("data-theme") == theme
    page.mouse.click(*point(page, 100))
    page.locator("summary").click()
    page.locator(".chip").nth(1).click()
    settle(page)
    assert axe(page) == []


def test_forced_colours_and_small_screens_keep_it_whole(open_page, compared):
    page = open_page(compared, forced_colors="active", reduced_motion="reduce", width=400)
    assert page.locator(".plot canvas.base").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_without_scripts_the_picture_and_its_words_show(open_page, saved):
    page = open_page(saved, ready=None, java_script_enabled=False)
    picture = page.locator("img")
    assert picture.bounding_box()["width"] > 500
    assert picture.get_attribute("alt").startswith("Loss fell from")
    assert page.locator("body").inner_text().strip() == ""


def test_it_draws_with_a_strict_policy_in_chinese(open_page, serve, tmp_path, told, monkeypatch):
    monkeypatch.setenv("MINILLM_LANG", "zh")
    viz.curve(told).save(tmp_path / "page.html")
    policy = {"Content-Security-Policy": "script-src 'self' 'unsafe-inline'"}
    page = open_page(f"{serve(tmp_path, policy)}/page.html")
    assert "训练曲线" in page.locator(".bar").first.inner_text()
    look_at(page, 100)
    assert place(page).startswith("第 100 步 ·")


def test_a_hundred_thousand_points_keep_every_spike(open_page, tmp_path):
    rng = np.random.default_rng(0)
    losses = 2 + 0.05 * rng.normal(size=100_000)
    losses[54_321] = 9.0
    page = open_page(viz.curve(losses).save(tmp_path / "page.html"))
    where, _low, _high = frame(page)
    x = where["left"] + 54_321 / 99_999 * (where["right"] - where["left"])
    top = page.evaluate(
        f"""(x) => {{
            const canvas = {HOST}.querySelector('.plot canvas.base');
            const {{ data }} = canvas.getContext('2d').getImageData(x - 2, 0, 4, canvas.height);
            for (let i = 0; i < data.length; i += 4)
                if (data[i + 3] > 60 && data[i + 2] - data[i] > 30) return i / 16;
        }}""",
        x,
    )
    assert top < where["top"] + 30
    page.mouse.move(*point(page, 54_322))
    page.locator(".plot").first.focus()
    for _ in range(12):
        page.keyboard.press("+")
    settle(page)
    look_at(page, 54_322)
    assert values(page) == [9.0]
