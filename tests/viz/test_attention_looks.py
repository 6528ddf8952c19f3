"""What the attention view tells at a glance: honest bars, a slider that says where it is, room."""

import numpy as np
import pytest

from minillm import viz
from minillm.viz.poster import TILE, mosaic
from tests.viz.pages import causal_weights, cell_colours, settle


def test_bars_of_shares_end_at_one_and_others_begin_at_zero(weights, tokens):
    change = np.array([[-0.5, 0.25, 0], [0, 0, 0.125]])
    recall = np.full((2, 3), 0.2)
    view = viz.attention(weights, tokens, scores={"change": change, "recall": recall})
    ranges = view.header["ranges"]
    assert ranges["previous"] == ranges["first"] == ranges["recall"] == [0, 1]
    assert ranges["entropy"] == [0, pytest.approx(view.scores["entropy"].max(), abs=1e-3)]
    assert ranges["change"] == [-0.5, 0.25]


def test_a_bar_of_the_poster_is_as_long_as_its_score(weights):
    score = np.array([[0, 0.25, 1.0], [0.5, 0.75, np.nan]])
    picture = mosaic(weights, score, [0, 1])
    accent = (picture == (194, 65, 12)).all(-1)
    assert accent.sum() == 2 * TILE * np.nansum(score)  # a bar is two pixels high


def inked(page, sheet: str) -> bool:
    """Whether anything is drawn on one of the stage's canvases."""
    return page.evaluate(
        """(sheet) => {
            const canvas = document.querySelector('.minillm-host').shadowRoot
                .querySelector(`canvas.${sheet}`);
            const context = canvas.getContext('2d');
            return context.getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean);
        }""",
        sheet,
    )


@pytest.fixture
def saved(tmp_path, tokens):
    frames = {f"step {i}": causal_weights(2, 3, 6, seed=i) for i in range(4)}
    return viz.attention(frames, tokens).save(tmp_path / "page.html")


@pytest.mark.browser
@pytest.mark.parametrize(("width", "lined"), [(360, False), (1000, True)])
def test_a_narrow_view_gives_its_room_to_the_matrix(open_page, saved, width, lined):
    page = open_page(saved, width=width)
    assert inked(page, "lines") == lined
    stage = page.locator(".stage").bounding_box()
    assert page.locator(".stage canvas.base").bounding_box()["width"] <= stage["width"] + 1
    reads = stage["x"] + page.evaluate(
        """() => {
            const box = document.querySelector('.minillm-host').shadowRoot
                .querySelector('canvas.base');
            const [x, , wide] = JSON.parse(box.dataset.matrix);
            return x + wide + 20;
        }"""
    )
    page.mouse.move(reads, stage["y"] + stage["height"] - 40)  # on the last reader's name
    settle(page)
    assert "it" in page.locator(".readout").inner_text()
    assert inked(page, "top")
    cell_colours(page, 6, 6)  # the matrix is whole


@pytest.mark.browser
def test_the_slider_names_its_ends_and_says_what_its_curve_shows(open_page, saved):
    page = open_page(saved)
    assert page.locator(".ends span").all_inner_texts() == ["step 0", "step 3"]
    now = page.locator(".names .soft")
    before = now.inner_text()
    assert before.startswith("previous token 0.")
    page.locator("select").first.select_option("first")
    settle(page)
    assert now.inner_text().startswith("first token (sink) 0.")
    page.locator("select").first.select_option("previous")
    page.get_by_role("slider", name="Which weights").fill("0")
    settle(page)
    assert now.inner_text() != before


@pytest.mark.browser
def test_several_heads_say_that_the_matrix_is_their_mean(open_page, saved):
    page = open_page(saved)
    hint = page.locator(".hint")
    assert "adds up to 100%" in hint.inner_text()
    overview = page.locator(".side canvas").first.bounding_box()
    page.mouse.click(overview["x"] + 50, overview["y"] + 50)
    page.keyboard.down("Shift")
    page.mouse.click(overview["x"] + 50, overview["y"] + 110)
    page.mouse.move(2, 2)
    settle(page)
    assert "mean of these heads" in hint.inner_text()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("layers", "count", "above"), [(2, 70, True), (2, 10, False), (12, 70, False)]
)
def test_a_long_text_gets_the_width_while_the_overview_is_low(
    open_page, tmp_path, layers, count, above
):
    view = viz.attention(causal_weights(layers, 3, count), [f" t{i}" for i in range(count)])
    page = open_page(view.save(tmp_path / "page.html"), width=900)
    overview = page.locator(".side canvas").first.bounding_box()
    stage = page.locator(".stage").bounding_box()
    assert (overview["y"] + overview["height"] < stage["y"]) == above
    assert (overview["x"] + overview["width"] < stage["x"]) == (not above)
