"""The next-token view in a real browser: its numbers, its knobs, its text, its layers."""

import numpy as np
import pytest

from minillm import viz
from minillm.viz import expected
from minillm.viz.cuts import cut, entropy_bits
from minillm.viz.encode import encode
from minillm.viz.palette import ramp
from tests.viz.pages import plain, settle

pytestmark = pytest.mark.browser

V, T = 40, 5
RNG = np.random.default_rng(3)
LENS = (RNG.normal(size=(3, T, V)) * 2).astype(np.float32)
TRUTH = RNG.dirichlet(np.full(V, 0.3), size=T)
NAMES = [f"w{i}" for i in range(V)]
TEXT = [4, 9, 2, 30, 17]


def view(**options):
    return viz.next_token(LENS, NAMES, TEXT, **{"truth": TRUTH, **options})


@pytest.fixture
def page(open_page, tmp_path):
    return open_page(view().save(tmp_path / "page.html"))


def slide(page, name: str, value: float | str) -> None:
    """Move a slider as far as its output says `value`."""
    slider = page.get_by_label(name, exact=False).first
    output = slider.locator("xpath=../output")
    for place in range(int(slider.get_attribute("max")) + 1):
        slider.fill(str(place))
        settle(page)
        if output.inner_text() == str(value):
            return
    raise AssertionError(f"{name} has no {value}")


def rows(page) -> list[list[str]]:
    """The cells of each token's line, without the bar."""
    lines = page.locator(".bars tbody tr[data-rank]").all()
    return [[cell for cell in line.inner_text().split("\t") if cell.strip()] for line in lines]


def number(text: str) -> float:
    return float(text.strip("<%")) / 100


def facts(page) -> dict[str, str]:
    names = page.locator("dl dt").all_inner_texts()
    return dict(zip(names, page.locator("dl dd").all_inner_texts(), strict=True))


def test_the_list_is_sorted_and_its_rest_is_exact(page):
    made = cut(LENS[-1, -1])
    shown = rows(page)
    assert [row[0] for row in shown[:12]] == [NAMES[i] for i in made.order[:12]]
    np.testing.assert_allclose([number(row[1]) for row in shown[:12]], made.full[:12], rtol=6e-3)
    seen = sum(number(row[1]) for row in shown)
    gaps = page.locator(".gap").all_inner_texts()
    between = sum(number(text.replace(":", ",").split(", ")[-1]) for text in gaps)
    assert abs(seen + between - 1) < 0.002
    counted = sum(int(text.split()[0]) for text in gaps)
    assert len(shown) + counted == V  # no token is left out


def test_the_knobs_cut_one_list_and_say_what_they_cut(page):
    knobs = {"temperature": 1.5, "top_k": 10, "top_p": 0.8}
    slide(page, "Temperature", 1.5)
    slide(page, "top-k", 10)
    slide(page, "top-p", 0.8)
    made = cut(LENS[-1, -1], **knobs)
    assert page.locator(".sum").inner_text() == f"{made.kept} of 40 tokens may be drawn"
    shown = {row[0]: row for row in rows(page)}
    for rank, token in enumerate(made.order[:12]):
        row = shown[NAMES[token]]
        assert abs(number(row[1]) - made.full[rank]) < 6e-4
        assert abs(number(row[2]) - made.drawn[rank]) < 6e-4
    said = facts(page)
    assert abs(number(said["held before the cut"]) - made.mass) < 6e-4
    assert abs(number(said["cut away"]) - (1 - made.mass)) < 6e-4
    bits = float(said["entropy when drawing"].split()[0])
    assert abs(bits - entropy_bits(made.drawn)) < 0.006
    lost = TRUTH[-1][made.order][made.kept :].sum()
    assert abs(number(said["of the truth is cut away"]) - lost) < 6e-4
    lines = page.locator(".bars .end").all_inner_texts()
    assert [line.strip() for line in lines] == ["top-p 0.8: cut here", "top-k 10: cut here"]
    page.get_by_role("button", name="No cuts").click()
    settle(page)
    assert page.locator(".sum").inner_text() == "40 of 40 tokens may be drawn"
    assert page.locator(".bars .end").count() == 0


def test_the_divergence_from_the_truth_is_exact_at_any_temperature(page):
    for heat in (1, 0.5, 2):
        slide(page, "Temperature", heat)
        p = cut(LENS[-1, -1], temperature=heat)
        by_id = np.zeros(V)
        by_id[p.order] = p.full
        truth = TRUTH[-1]
        bits = (truth * np.log2(truth / by_id)).sum()
        assert abs(float(facts(page)["KL(truth, model)"].split()[0]) - bits) < 0.006
    slide(page, "Temperature", 0)
    assert facts(page)["KL(truth, model)"].startswith("∞")
    assert page.locator(".sum").inner_text() == "1 of 40 tokens may be drawn"


def test_a_click_on_a_token_shows_what_was_expected_there(page):
    page.locator(".strip .token").nth(3).click()  # w30 came after w2
    settle(page)
    p = cut(LENS[-1, 2])
    rank = int(np.flatnonzero(p.order == 30)[0])
    said = plain(page.locator(".readout").inner_text())
    assert said.startswith(f"“w30” came. Surprise {-np.log2(p.full[rank]):.2f} bits")
    assert f"number {rank + 1} on the list" in said
    assert f"The truth's surprise: {-np.log2(TRUTH[2, 30]):.2f} bits" in said
    assert f"Entropy {entropy_bits(p.full):.2f} bits" in said
    assert page.locator(".came th").inner_text() == "w30"  # in the list, wherever it ranks
    assert plain(page.locator("h3").inner_text()) == "After “w4 w9 w2”:"


def test_the_bars_under_the_text_are_as_high_as_the_bits(page):
    heights = page.evaluate(
        """() => [...document.querySelector('.minillm-host').shadowRoot
            .querySelectorAll('.strip .token')].map((chip) => ['::before', '::after']
            .map((part) => parseFloat(getComputedStyle(chip, part).height)))"""
    )
    header = view().header
    highest = max(header["surprise"] + header["entropy"])
    surprise = [34 * bits / highest for bits in header["surprise"]]
    entropy = [34 * bits / highest for bits in header["entropy"]]
    np.testing.assert_allclose([h[0] for h in heights[1:-1]], surprise, atol=0.1)
    np.testing.assert_allclose([h[1] for h in heights[1:]], entropy, atol=0.1)


def test_each_cell_of_the_lens_has_the_colour_of_its_share(page):
    canvas = page.locator("h4 + .panel canvas")
    shown = canvas.evaluate(
        """(canvas) => {
            const context = canvas.getContext('2d');
            const wide = (canvas.width - 28) / 5;
            return [0, 1, 2].map((l) => [0, 1, 2, 3, 4].map((t) =>
                [...context.getImageData(26 + t * wide + 5, 22 + 24 * l + 5, 1, 1).data]));
        }"""
    )
    for layer in range(3):
        for t in range(T):
            share = cut(LENS[layer, t]).full[0]
            colour = ramp("weights")[encode(np.array([share]))[0]]
            assert np.abs(np.array(shown[layer][t][:3]) - colour).max() <= 3


def test_a_cell_of_the_lens_chooses_layer_and_place(page):
    box = page.locator("h4 + .panel canvas").bounding_box()
    wide = (box["width"] - 28) / 5
    page.mouse.move(box["x"] + 26 + 1.5 * wide, box["y"] + 22 + 12)
    settle(page)
    best = cut(LENS[0, 1])
    said = plain(page.locator(".readout").inner_text())
    assert f"Layer 0, in the place of “w2”: “{NAMES[best.order[0]]}”" in said
    page.mouse.down()
    page.mouse.up()
    settle(page)
    assert plain(page.locator("h3").inner_text()) == "After “w4 w9”: (layer 0)"
    assert rows(page)[0][0] == NAMES[best.order[0]]
    page.locator(".strip .token.now").get_by_text("w2").wait_for()


def test_a_pinned_token_is_followed_through_the_layers(page):
    page.locator(".bars tr[data-rank]", has_text="w17").or_(
        page.locator(".bars tr[data-rank]").nth(4)
    ).first.click()
    settle(page)
    name = page.locator(".bars tr[aria-current] th").inner_text()
    assert f"the likelier “{name}” is there" in plain(page.locator("h4 ~ .soft").inner_text())
    assert plain(page.locator(".readout").inner_text()).splitlines()[1].startswith(f"“{name}”")


def test_everything_can_be_done_from_the_keyboard(page):
    def spoken():
        settle(page)
        return plain(page.locator("[aria-live]").inner_text())

    stops = []
    for _ in range(14):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => { const a = document.querySelector('.minillm-host').shadowRoot.activeElement;
            return a && (a.getAttribute('aria-label') ?? a.closest('label')?.textContent
                ?? a.textContent); }"""
        )
        stops.append(stop or "")
        if stops[-1].startswith("The text"):
            page.keyboard.press("Home")
            assert spoken().startswith("After “w4”: “w9” came.")
            page.keyboard.press("ArrowRight")
            assert spoken().startswith("After “w4 w9”:")
        if stops[-1].startswith("Temperature"):
            page.keyboard.press("ArrowLeft")
            assert "Temperature 0.9" in spoken()
        if stops[-1].startswith("The distribution"):
            page.keyboard.press("ArrowDown")
            page.keyboard.press("ArrowDown")
            assert ": number 2," in spoken()
            page.keyboard.press("Enter")
            settle(page)
            assert page.locator(".bars tr[aria-current]").count() == 1
            page.keyboard.press("Escape")
            settle(page)
            assert page.locator(".bars tr[aria-current]").count() == 0
        if stops[-1].startswith("What each layer"):
            page.keyboard.press("ArrowUp")
            assert spoken().startswith("Layer 1, in the place of “w2”")
    assert len([stop for stop in stops if stop.startswith("The distribution")]) == 1
    named = {"The text", "Temperature", "top-k", "top-p", "The distribution", "What each layer"}
    assert all(any(stop.startswith(name) for stop in stops) for name in named)


def test_a_large_vocabulary_has_the_same_numbers(open_page, tmp_path, monkeypatch):
    monkeypatch.setattr(expected, "WHOLE", 100)
    logits = (RNG.normal(size=(2, 3000)) * 2).astype(np.float32)
    worst = int(logits[0].argmin())
    names = [f"w{i}" for i in range(3000)]
    big = viz.next_token(logits, names, [0, worst], temperature=1.37)
    page = open_page(big.save(tmp_path / "page.html"))
    made = cut(logits[-1], temperature=1.37)
    first = rows(page)
    np.testing.assert_allclose([number(row[1]) for row in first], made.full[:12], rtol=6e-3)
    tail = page.locator(".gap").inner_text()
    assert tail.startswith("2,988 more tokens")
    assert abs(number(tail.split(": ")[1]) - made.full[12:].sum()) < 6e-4
    assert f"{entropy_bits(made.full):.2f} bits" in facts(page)["entropy when drawing"]
    slide(page, "top-p", 0.99)  # lies beyond the 512 that were sent
    assert page.locator(".sum").inner_text() == "more than 512 of 3,000 tokens may be drawn"
    page.locator(".strip .token").nth(1).click()
    settle(page)
    said = plain(page.locator(".readout").inner_text())
    assert f"“w{worst}” came." in said
    assert "number 3,000 on the list" in said


def test_one_distribution_needs_no_text(open_page, tmp_path, monkeypatch):
    monkeypatch.setenv("MINILLM_LANG", "zh")
    colours = ["红", "绿", "黄", "蓝"]
    one = viz.next_token([0.5, 0, 0.3, 0.2], colours, probabilities=True, top_p=0.7)
    page = open_page(one.save(tmp_path / "page.html"))
    assert page.locator("h3").inner_text() == "接下来会是："
    assert page.locator(".strip").count() == 0
    assert [row[0] for row in rows(page)] == ["红", "黄", "蓝"]
    assert page.locator(".gap").inner_text() == "其余 1 个词元：0%"  # what cannot come
    assert "4 个词元中有 2 个可能抽到" in page.locator(".sum").inner_text()
    assert page.locator(".view").get_attribute("lang") == "zh-Hans"


def test_few_elements_stand_for_a_large_table(open_page, tmp_path):
    logits = RNG.normal(size=(4, 200, 300))
    big = viz.next_token(logits, [f"w{i}" for i in range(300)], [0] * 200)
    page = open_page(big.save(tmp_path / "page.html"))
    count = page.evaluate(
        "document.querySelector('.minillm-host').shadowRoot.querySelectorAll('*').length"
    )
    assert count <= 200 + 2 * 200
