"""The tokens view in a real browser: chips, brackets, merges one by one, two side by side."""

import pytest

from minillm import viz
from minillm.tokenizer import BPETokenizer, ByteTokenizer, CharTokenizer
from tests.viz.pages import plain, settle

pytestmark = pytest.mark.browser

TEXT = "the shuffle shuffles\n\tthe 你好 end"


@pytest.fixture(scope="module")
def bpe():
    return BPETokenizer.train("the other shuffle shuffles the list " * 3, vocab_size=275)


@pytest.fixture
def page(open_page, tmp_path, bpe):
    view = viz.tokens({"bpe": bpe, "bytes": ByteTokenizer()}, TEXT)
    return open_page(view.save(tmp_path / "page.html"))


def chips(page, panel: int = 0) -> list[str]:
    return page.locator(".strip").nth(panel).locator(".token").all_text_contents()


def step_to(page, step: int) -> None:
    page.get_by_role("slider").fill(str(step))
    settle(page)


def test_chips_are_the_tokens_with_every_blank_seen(page, bpe):
    names = [bpe.token_bytes(i) for i in bpe.encode(TEXT)]
    glyphs = {" ": "·", "\n": "↵", "\t": "⇥"}
    expected = []
    for name in names:
        try:
            expected.append("".join(glyphs.get(char, char) for char in name.decode()))
        except UnicodeDecodeError:
            expected.append("·".join(f"{byte:02X}" for byte in name))
    assert chips(page) == expected
    assert {"↵", "⇥", "E4", "BD", "A0"} <= set(expected)


def test_pieces_of_a_character_stand_under_it(page):
    bytes_panel = page.locator(".strip").nth(1)
    assert bytes_panel.locator(".over").all_inner_texts() == ["你", "好"]
    first = bytes_panel.locator(".split").first
    assert first.locator(".token").all_inner_texts() == ["E4", "BD", "A0"]
    over, under = first.locator(".over").bounding_box(), first.locator(".pieces").bounding_box()
    assert over["y"] + over["height"] <= under["y"] + 1
    assert abs(over["width"] - under["width"]) < 8  # the bracket is as wide as its pieces


def test_merges_are_made_one_by_one(page, bpe):
    step_to(page, 0)
    assert chips(page) == chips(page, 1)  # all bytes
    assert "Every token is one byte" in page.locator(".merge").inner_text()
    before = len(chips(page))
    step_to(page, 1)
    said = plain(page.locator(".merge").inner_text())
    made = page.locator(".token.made").all_inner_texts()
    assert len(set(made)) == 1
    assert before - len(chips(page)) == len(made)
    left, right = (bpe.token_bytes(i).decode() for i in bpe.merges[0])
    assert said.startswith("Step 1 of ")
    assert f"“{left}” + “{right}” → “{left + right}”, {len(made)}×" in said
    assert "Merge 0 of the tokenizer; it makes id 256." in said


def test_it_plays_to_the_end(page):
    final = chips(page)
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").wait_for()
    page.wait_for_function(
        """() => { const root = document.querySelector('.minillm-host').shadowRoot;
            const [slider, play] = ['input', '.play'].map((name) => root.querySelector(name));
            return slider.value === slider.max && play.textContent === '▶'; }"""
    )
    settle(page)
    assert chips(page) == final


def test_a_token_says_its_bytes_its_id_and_its_making(page, bpe):
    page.locator(".token", has_text="·shuffle").first.click()
    settle(page)
    assert plain(page.locator(".line").inner_text()).startswith("“·shuffle”: position 1, ")
    assert "20 73 68 75 66 66 6C 65" in page.locator(".line").inner_text()
    number = bpe.encode(TEXT)[1]
    assert f"Id {number}." in page.locator(".line").inner_text()
    made = [plain(line) for line in page.locator(".origin li").all_inner_texts()]
    assert len(made) == 7  # eight bytes need seven joins
    assert made[-1] == f"merge {number - 256}: " + made[-1].split(": ", 1)[1]
    assert made[-1].endswith("→ “·shuffle”")
    # the same bytes in the other tokenizer
    linked = page.locator(".strip").nth(1).locator(".token.linked").all_inner_texts()
    assert linked == ["·", *"shuffle"]


def test_ids_and_the_table_are_the_tokenizer_s(page, bpe):
    page.get_by_role("button", name="Show ids").click()
    ids = (
        page.locator(".strip")
        .first.locator(".token")
        .evaluate_all("(chips) => chips.map((chip) => getComputedStyle(chip, '::after').content)")
    )
    assert ids == [f'"{number}"' for number in bpe.encode(TEXT)]
    page.locator("summary").click()
    page.locator("table tbody tr").first.wait_for()
    rows = page.locator("table").first.locator("tbody tr").all_inner_texts()
    assert [int(row.split("\t")[3]) for row in rows] == bpe.encode(TEXT)
    assert rows[1].split("\t")[:2] == ["1", "·shuffle"]
    step_to(page, 0)  # the table goes along
    assert page.locator("table").first.locator("tbody tr").count() == len(TEXT.encode())


def test_counts_are_those_of_each_tokenizer(page, bpe):
    count, size = len(bpe.encode(TEXT)), len(TEXT.encode())
    counts = page.locator(".heading").all_inner_texts()
    assert f"{count} tokens · {size / count:.2f} bytes each" in counts[0]
    assert f"vocabulary {bpe.vocab_size}" in counts[0]
    assert f"{size} tokens · 1.00 bytes each" in counts[1]


def test_everything_can_be_done_from_the_keyboard(page):
    def spoken():
        settle(page)
        return plain(page.locator("[aria-live]").inner_text())

    page.locator(".strip").first.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert spoken().startswith("“·shuffle”: position 1,")
    page.keyboard.press("Enter")
    settle(page)
    assert page.locator(".line.pinned").count() == 1
    page.keyboard.press("Escape")
    settle(page)
    assert page.locator(".line.pinned").count() == 0
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    assert spoken().startswith("Every token is one byte")
    page.keyboard.press("ArrowRight")
    assert spoken().startswith("Step 1 of")


def test_joined_emoji_and_marks_are_seen_even_alone(open_page, tmp_path):
    text = "👩\u200d👧e\u0301"
    joined = [["👩\u200d👧", "e\u0301"], CharTokenizer.train(text)]
    view = viz.tokens(dict(zip(("whole", "characters"), joined, strict=True)), text)
    page = open_page(view.save(tmp_path / "page.html"))
    assert chips(page, 0) == ["👩\u200d👧", "e\u0301"]
    assert chips(page, 1) == ["👩", "U+200D", "👧", "e", "\u25cc\u0301"]


def test_a_bracket_may_span_two_characters(open_page, tmp_path):
    tokens = [b"\xe4\xbd", b"\xa0\xe5", b"\xa5\xbd", "!"]
    page = open_page(viz.tokens(tokens, "你好!").save(tmp_path / "page.html"))
    assert page.locator(".over").all_inner_texts() == ["你好"]
    assert chips(page) == ["E4·BD", "A0E5", "A5·BD", "!"]
    assert page.locator(".token").nth(1).locator("b").all_inner_texts() == ["A0", "E5"]


def test_few_elements_stand_for_a_long_text(open_page, tmp_path, bpe):
    view = viz.tokens({"bpe": bpe, "bytes": ByteTokenizer()}, "the shuffle list " * 60)
    page = open_page(view.save(tmp_path / "page.html"))
    step_to(page, 0)
    count = page.evaluate(
        "document.querySelector('.minillm-host').shadowRoot.querySelectorAll('*').length"
    )
    assert count <= 200 + 2 * 2 * 1020


def test_it_speaks_chinese(open_page, tmp_path, monkeypatch, bpe):
    monkeypatch.setenv("MINILLM_LANG", "zh")
    page = open_page(viz.tokens(bpe, "the 你好").save(tmp_path / "page.html"))
    page.locator(".token").first.click()
    settle(page)
    assert "位置 0" in page.locator(".line").inner_text()
    assert "6 个字符，10 字节" in page.locator(".bar").inner_text()
