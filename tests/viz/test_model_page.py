"""The model in the page computes what the package computes, and a reader can use it."""

import base64
import json

import numpy as np
import pytest
import torch

from minillm import generate, viz
from minillm.lens import record
from minillm.models.gpt import GPT, GPTConfig
from minillm.tokenizer import BPETokenizer, ByteTokenizer, CharTokenizer
from minillm.viz import script
from minillm.viz.model import dequantised
from minillm.world import World, WorldTokenizer
from tests.viz.pages import HOSTILE, kept_png, kept_svg_texts, settle

pytestmark = pytest.mark.browser

VARIANTS = {
    "modern": dict(
        position="rotary", norm="rms", mlp="relu2", qk_norm=True, bias=False, tied=False
    ),
    "tied": dict(position="rotary", norm="rms", mlp="relu2", qk_norm=True, bias=False, tied=True),
    "gpt2": dict(),
    "bare": dict(position="none", norm="layer", mlp="relu2", bias=False),
}


def made(vocab_size, *, context=16, layers=2, width=16, seed=0, **changes):
    """A model whose weights are large enough that every part of it counts."""
    shape = dict(vocab_size=vocab_size, context=context, layers=layers, heads=2, width=width)
    model = GPT(GPTConfig(**{**shape, **changes}), seed=seed).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    return model


def rounded(model):
    """The same model with the weights that the page has."""
    _, weights = record.weights(model)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(dequantised(weights)[name]))
    return model


def run(page, view, code):
    """The value of some code that sees the view's functions, `header` and `bytes`."""
    given = json.dumps([view.header, base64.b64encode(view.buffer).decode()])
    return page.evaluate(
        f"(() => {{ {script.source('model')}\n const [header, base64] = {given};"
        f"const bytes = fromBase64(base64); {code} }})()"
    )


@pytest.fixture
def blank(open_page, tmp_path):
    (tmp_path / "blank.html").write_text("<!doctype html><title>blank</title>")
    return open_page(tmp_path / "blank.html", ready=None)


@pytest.mark.parametrize("variant", VARIANTS)
def test_logits_and_attention_are_torchs_on_the_same_weights(blank, variant):
    model = rounded(made(7, **VARIANTS[variant]))
    letters = CharTokenizer.train("abcdefg")
    view = viz.model(*record.weights(model), letters, prompts=["abc"])
    ids = [3, 1, 4, 1, 5, 2, 6, 5, 3, 5, 0, 0, 6, 2]
    logits, shares = run(
        blank,
        view,
        f"""const gpt = createGPT(header.config, unpackWeights(header.weights, bytes));
        const seen = {ids}.map((id) => gpt.read(id));
        return [seen.map((s) => [...s.logits]), seen.at(-1).shares.map((row) => [...row])];""",
    )
    with torch.no_grad():
        expected = model(torch.tensor([ids]))[0].numpy()
    assert np.abs(expected).max() > 1
    np.testing.assert_allclose(logits, expected, atol=1e-3)
    weights = record.attention(model, letters, letters.decode(ids)).weights  # (L, H, T, T)
    np.testing.assert_allclose(shares, weights[:, :, -1].reshape(4, -1), atol=1e-4)


def test_reading_on_after_going_back_is_like_reading_afresh(blank):
    view = viz.model(
        *record.weights(made(7, **VARIANTS["modern"])),
        CharTokenizer.train("abcdefg"),
        prompts=["a"],
    )
    after, afresh = run(
        blank,
        view,
        """const session = createSession(header, bytes);
        session.type("abcdef"); session.type("abcgga");
        const again = createSession(header, bytes);
        again.type("abcgga");
        return [session, again].map((s) => s.seen.map(({ logits }) => [...logits]));""",
    )
    assert after == afresh


TEXTS = [
    "It's what they'll say: we're 100% sure.",
    "def f(x):\n    return [i**2 for i in x]\n\n\n  ",
    "语言模型读到的不是文字。“你好！”",
    "👍🏽 e\u0301 ½ नमस्ते",
    "  \t a  b\u3000c",
]


ENCODE = "return %s.map((text) => createTokenizer(header.tokenizer).encode(text));"


@pytest.mark.parametrize("name", ["bpe", "bytes", "characters"])
def test_the_page_cuts_texts_as_the_package_does(blank, name):
    whole = "".join(TEXTS)
    tokenizer = {
        "bpe": lambda: BPETokenizer.train(whole * 3, vocab_size=330),
        "bytes": ByteTokenizer,
        "characters": lambda: CharTokenizer.train(whole),
    }[name]()
    view = viz.model(*record.weights(made(tokenizer.vocab_size)), tokenizer, prompts=["It"])
    found = run(blank, view, ENCODE % json.dumps(TEXTS))
    assert found == [{"ids": tokenizer.encode(text), "unknown": []} for text in TEXTS]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_reads_the_towns_documents(blank, language):
    world = World(0, language)
    texts = [world.text(world.write(seed).tokens) for seed in range(40)]
    start = world.text(world.write(0).tokens[:3])
    view = viz.model(*record.weights(made(len(world.vocabulary))), world.tokenizer, prompts=[start])
    found = run(blank, view, ENCODE % json.dumps(texts))
    assert found == [{"ids": world.tokenizer.encode(text), "unknown": []} for text in texts]


@pytest.mark.parametrize("k", [None, 1, 4])
@pytest.mark.parametrize("p", [0.2, 0.75, 1.0])
@pytest.mark.parametrize("spread", [2, 12])  # at 12 most tokens have hardly any probability
def test_the_cuts_are_generates(blank, k, p, spread):
    logits = torch.randn(40, generator=torch.Generator().manual_seed(3)) * spread
    view = viz.model(*record.weights(made(3)), CharTokenizer.train("abc"), prompts=["a"])
    options = json.dumps({"temperature": 0.7, "topK": k, "topP": p})
    found = run(
        blank,
        view,
        f"return ranked(Float32Array.from({logits.tolist()}), {options})"
        ".map((t) => [t.id, t.p, t.kept]);",
    )
    expected = generate.probabilities(logits, temperature=0.7, top_k=k, top_p=p)
    assert {id_ for id_, _, kept in found if kept} == set(expected.nonzero().flatten().tolist())
    whole = generate.probabilities(logits, temperature=0.7)
    for id_, share, _ in found:
        assert share == pytest.approx(whole[id_].item(), abs=1e-6)


# A reader's way through it


@pytest.fixture
def town(open_page, tmp_path):
    model = rounded(made(WorldTokenizer("en").vocab_size, context=24, **VARIANTS["tied"]))
    prompts = ["Anna had a red kite.", "Who had the kite?"]
    view = viz.model(*record.weights(model), WorldTokenizer("en"), prompts=prompts, name="Town")
    return model, open_page(view.save(tmp_path / "town.html"))


def chips(page):
    return [text.strip() for text in page.locator(".token").all_inner_texts()]


def slide(page, name, value):
    page.get_by_label(name).evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('input')); }",
        value,
    )
    settle(page)


def test_it_writes_what_the_package_writes(town):
    model, page = town
    slide(page, "Temperature", 0)
    for _ in range(5):
        page.get_by_role("button", name="One token").click()
        settle(page)
    tokenizer = WorldTokenizer("en")
    start = [0, *tokenizer.encode("Anna had a red kite.")]
    new = list(generate.tokens(model, start, count=5, temperature=0))
    assert chips(page) == [tokenizer.token_bytes(i).decode() for i in start + new]
    assert page.locator(".token.new").count() == 5


def test_typing_reads_the_text_and_names_unknown_words(town):
    _, page = town
    page.get_by_role("textbox").fill("Tom had a kite")
    page.wait_for_function(
        "document.querySelector('.minillm-host').shadowRoot.querySelectorAll('.token').length === 5"
    )
    assert chips(page) == ["<end>", "Tom", "had", "a", "kite"]
    page.get_by_role("textbox").fill("Tom had a zeppelin")
    page.get_by_text("never seen zeppelin").wait_for()
    assert page.get_by_role("button", name="One token").is_disabled()
    page.get_by_role("textbox").fill("the " * 30)
    page.get_by_text("8 tokens too many").wait_for()
    page.get_by_role("button", name="Who had the kite?").click()
    settle(page)
    assert chips(page) == ["<end>", "who", "had", "the", "kite", "?"]
    assert page.get_by_role("textbox").input_value() == "Who had the kite?"


def test_writing_on_stops_at_the_end_of_the_context(town):
    _, page = town
    page.get_by_role("button", name="Write on").click()
    page.wait_for_function(
        """() => /complete|is full/.test(
            document.querySelector('.minillm-host').shadowRoot.textContent)"""
    )
    settle(page)
    assert len(chips(page)) <= 24
    assert page.get_by_role("button", name="Write on").is_disabled()
    page.get_by_role("button", name="Start again").click()
    settle(page)
    assert chips(page) == ["<end>", "Anna", "had", "a", "red", "kite", "."]


def test_a_head_and_a_token_are_chosen_by_keyboard(town):
    _, page = town
    heads = page.get_by_role("group", name="Heads")
    first = heads.get_by_role("button").first
    first.focus()
    page.keyboard.press("Enter")
    settle(page)
    assert first.get_attribute("aria-pressed") == "true"
    page.get_by_role("application").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    settle(page)
    assert page.locator(".token.at").inner_text().strip() == "red"
    said = page.locator("[aria-live=polite]").inner_text()
    assert said.startswith("Layer 0, head 0: “red” reads")
    assert "After “red” may come" in page.locator("h4").all_inner_texts()


def test_a_bar_can_be_taken(town):
    _, page = town
    second = page.locator(".row").nth(1)
    name = second.locator(".name").inner_text()
    second.click()
    settle(page)
    assert chips(page)[-1] == name


def test_the_picture_shows_the_text_and_the_bars(town):
    _, page = town
    png = kept_png(page)
    assert png.startswith(b"\x89PNG")
    assert len(png) > 10_000
    texts = kept_svg_texts(page)
    assert texts[:8] == ["Town", "<end>", "Anna", "had", "a", "red", "kite", "."]
    assert texts[8].startswith("Layer 1, head 0: “.” reads")
    bars = texts[texts.index("After “.” may come") + 1 :]
    assert bars[::2] == page.locator(".row .name").all_inner_texts()
    assert bars[1::2] == page.locator(".row .share").all_inner_texts()


def test_hostile_tokens_are_text(open_page, tmp_path):
    pieces = [piece for piece in HOSTILE if isinstance(piece, str) and piece]
    tokenizer = CharTokenizer.train("".join(pieces))
    model = made(tokenizer.vocab_size, context=64)
    view = viz.model(
        *record.weights(model), tokenizer, prompts=[p[:60] for p in pieces], name="<b>name</b>"
    )
    page = open_page(view.save(tmp_path / "hostile.html"))
    for i in range(len(pieces)):
        page.locator(".example").nth(i).click()
        settle(page)
        assert page.locator(".token").count() == len(tokenizer.encode(pieces[i][:60]))
        assert len(kept_svg_texts(page)) > len(tokenizer.encode(pieces[i][:60]))
    assert page.locator("b, script:not([type])").locator("visible=true").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1000])
def test_no_barriers_and_nothing_sticks_out(town, axe, theme, width):
    _, page = town
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 900})
    settle(page)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
