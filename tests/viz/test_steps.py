"""The stepper: its numbers against NumPy, on both sides of the wire."""

import re

import numpy as np
import pytest

from minillm import viz
from minillm.viz.steps import work_out
from tests.viz.pages import HOSTILE, settle


@pytest.fixture
def vectors():
    rng = np.random.default_rng(0)
    return {
        "q": rng.normal(size=(4, 8)),
        "k": rng.normal(size=(4, 8)),
        "v": rng.normal(size=(4, 3)),
    }


MASK = np.tril(np.ones((4, 4), bool))
TOKENS = ["A", " cat", " sat", " down"]


def test_every_step_is_the_formula_s(vectors):
    steps = work_out(**vectors, mask=MASK)
    scores = vectors["q"] @ vectors["k"].T
    np.testing.assert_allclose(steps["scores"], scores)
    np.testing.assert_allclose(steps["scaled"], scores / np.sqrt(8))
    for t in range(4):
        powers = np.exp(scores[t, : t + 1] / np.sqrt(8))
        np.testing.assert_allclose(steps["weights"][t, : t + 1], powers / powers.sum())
        assert (steps["weights"][t, t + 1 :] == 0).all()
    np.testing.assert_allclose(steps["output"], steps["weights"] @ vectors["v"])


def test_the_formula_agrees_with_torch(vectors):
    torch = pytest.importorskip("torch")
    tensors = {name: torch.from_numpy(values) for name, values in vectors.items()}
    attend = torch.nn.functional.scaled_dot_product_attention
    expected = attend(*(tensors[name][None] for name in "qkv"), attn_mask=torch.from_numpy(MASK))
    np.testing.assert_allclose(work_out(**vectors, mask=MASK)["output"], expected[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"q": np.ones((17, 8))}, "q has shape (17, 8); expected (tokens, width)"),
        ({"q": np.ones((1, 4, 8))}, "Pass one head of one text"),
        ({"k": np.ones((4, 7))}, "q has vectors of 8 numbers and k of 7"),
        ({"v": np.ones((3, 3))}, "4 keys but 3 values"),
        ({"q": np.full((4, 8), np.nan)}, "q[0, 0] is nan"),
        ({"mask": np.zeros((4, 4))}, "mask is float64 (4, 4); expected bool (4, 4)"),
        ({"mask": np.eye(4, dtype=bool)[::-1][:, :3]}, "mask is bool (4, 3)"),
        ({"mask": np.zeros((4, 4), bool)}, "Position 0 may attend to nothing"),
        ({"tokens": TOKENS[:3]}, "3 tokens for 4 rows of q"),
        ({"keys": TOKENS[:2]}, "2 keys for 4 rows of k"),
    ],
)
def test_vectors_of_no_use_say_why(vectors, change, message):
    arguments = {**vectors, "tokens": TOKENS, "mask": MASK, **change}
    with pytest.raises(ValueError, match=re.escape(message)):
        viz.attention_steps(**arguments)


def test_the_poster_and_the_caption_stand_for_the_view(vectors):
    view = viz.attention_steps(**vectors, tokens=TOKENS, mask=MASK)
    assert view.poster.startswith(b"\x89PNG")
    assert "A reads A, 1.00" in view._repr_mimebundle_()["text/plain"]


@pytest.mark.browser
def test_pointing_at_a_cell_writes_out_its_sum(open_page, tmp_path, vectors):
    view = viz.attention_steps(**vectors, tokens=TOKENS, mask=MASK)
    page = open_page(view.save(tmp_path / "page.html"))
    canvas = page.locator(".left canvas").bounding_box()
    cell = (canvas["height"] - 66) / 4
    page.mouse.move(canvas["x"] + 74 + 0.5 * cell, canvas["y"] + 62 + 2.5 * cell)
    settle(page)
    steps = work_out(**vectors, mask=MASK)
    cards = [card.replace("−", "-") for card in page.locator(".card").all_inner_texts()]
    assert "query of sat" in cards[0]
    assert f"they add up to {steps['scores'][2, 0]:.2f}" in cards[0]
    assert f"÷ √8 = {steps['scaled'][2, 0]:.2f}" in cards[1]
    assert "sat may read A" in cards[2]
    assert f"= {100 * steps['weights'][2, 0]:.0f}%" in cards[3]
    shown = [float(x) for x in cards[4].split("100%")[1].split()]
    np.testing.assert_allclose(shown, steps["output"][2], atol=0.006)
    page.mouse.move(canvas["x"] + 74 + 3.5 * cell, canvas["y"] + 62 + 2.5 * cell)
    settle(page)
    assert "sat may not read down" in page.locator(".card").nth(2).inner_text()


@pytest.mark.browser
def test_the_stepper_works_from_the_keyboard_and_with_hostile_tokens(open_page, tmp_path):
    rng = np.random.default_rng(0)
    names = HOSTILE[:16]
    q, k, v = rng.normal(size=(3, 16, 16))
    page = open_page(viz.attention_steps(q, k, v, names).save(tmp_path / "page.html"))
    page.locator(".left .panel").focus()
    for _ in range(16):
        page.keyboard.press("ArrowUp")
    settle(page)
    assert page.locator("[aria-live]").inner_text().startswith("<script>alert(1)</script> reads")
    page.get_by_role("button", name="mask").click()
    settle(page)
    assert page.locator(".card.now").inner_text().startswith("3")
    inside = "document.querySelector('.minillm-host').shadowRoot"
    assert page.evaluate(f"{inside}.querySelectorAll('script, img').length") == 0


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_stepper(open_page, tmp_path, vectors, axe, theme):
    view = viz.attention_steps(**vectors, tokens=TOKENS, mask=MASK)
    page = open_page(view.save(tmp_path / "page.html"), color_scheme=theme)
    assert axe(page) == []
