"""What the next-token view and the tokens view have in common: homes, manners, hostile text."""

import html

import numpy as np
import pytest

from minillm import viz
from minillm.tokenizer import BPETokenizer, ByteTokenizer
from minillm.viz import script
from tests.viz.pages import HOSTILE, MOUNT, in_page, kept_png, kept_svg_texts, plain, settle

pytestmark = pytest.mark.browser

WORDS = ["The", " cat", " s", "at", " on", " it", "\n", b"\xe4\xbd"]


def expected_view(**options):
    logits = np.random.default_rng(0).normal(size=(3, 6, 8)) * 2
    truth = np.random.default_rng(1).dirichlet(np.ones(8), size=6)
    return viz.next_token(logits, WORDS, [0, 1, 2, 3, 4, 5], truth=truth, **options)


def cut_view():
    text = "the shuffle shuffles 你好\n\tother"
    bpe = BPETokenizer.train(text * 3, vocab_size=280)
    return viz.tokens({"bpe": bpe, "bytes": ByteTokenizer()}, text)


VIEWS = {"next_token": expected_view, "tokens": cut_view}
INSIDE = "document.querySelector('.minillm-host').shadowRoot"


@pytest.fixture(params=VIEWS)
def kind(request):
    return request.param


@pytest.fixture
def saved(tmp_path, kind):
    return VIEWS[kind]().save(tmp_path / "page.html")


def test_it_draws_over_http_with_a_strict_policy(open_page, serve, saved):
    policy = {"Content-Security-Policy": "script-src 'self' 'unsafe-inline'"}
    page = open_page(f"{serve(saved.parent, policy)}/page.html")
    assert page.locator(".token").count() > 6
    assert not page.locator("img").is_visible()


def test_without_scripts_the_picture_and_its_words_show(open_page, saved, kind):
    page = open_page(saved, ready=None, java_script_enabled=False)
    picture = page.locator("img")
    assert picture.bounding_box()["width"] > 500
    said = {"next_token": "Entropy:", "tokens": "bytes: 34 tokens"}[kind]
    assert said in picture.get_attribute("alt")
    assert page.locator("body").inner_text().strip() == ""


def test_a_page_that_cannot_start_keeps_the_picture_and_says_why(open_page, tmp_path):
    page = expected_view().save(tmp_path / "page.html")
    text = page.read_text(encoding="utf-8")
    at = text.index('"buffer":"') + 10
    page.write_text(text[:at] + "AAAA" + text[at + 4 :], encoding="utf-8")
    page = open_page(page, ready="[role=alert]")
    assert page.locator("img").is_visible()
    assert "could not start" in page.locator("[role=alert]").inner_text()


def test_it_draws_in_a_sandboxed_frame_of_another_origin(open_page, tmp_path, saved):
    inner = html.escape(saved.read_text(encoding="utf-8"), quote=True)
    outer = tmp_path / "outer.html"
    outer.write_text(
        '<!doctype html><meta charset="utf-8"><title>x</title><body>'
        f'<iframe sandbox="allow-scripts" width="900" height="700" srcdoc="{inner}"></iframe>',
        encoding="utf-8",
    )
    frame = open_page(outer, ready=None).frame_locator("iframe")
    frame.locator(".token").first.wait_for()


def test_the_book_s_shared_script_serves_both(open_page, tmp_path):
    (tmp_path / "views.js").write_text(script.shared(), encoding="utf-8")
    shown = "".join(make().html(shared=True) for make in VIEWS.values())
    path = tmp_path / "page.html"
    path.write_text(
        f'<!doctype html><meta charset="utf-8"><body>{shown}<script src="views.js"></script>',
        encoding="utf-8",
    )
    page = open_page(path)
    page.wait_for_function("document.querySelectorAll('.minillm-host').length === 2")
    assert page.locator(".bars").count() == page.locator(".stepper").count() == 1


def test_two_views_on_a_page_do_not_meet(open_page, tmp_path, kind):
    path = tmp_path / "page.html"
    path.write_text(in_page(VIEWS[kind](), VIEWS[kind]()), encoding="utf-8")
    page = open_page(path)
    page.wait_for_function("document.querySelectorAll('.minillm-host').length === 2")
    settle(page)
    hosts = page.locator(".minillm-host")
    untouched = hosts.nth(1).locator(".view").inner_text()
    hosts.nth(0).locator(".token").nth(2).click()
    settle(page)
    assert hosts.nth(0).locator(".token.now").count() == 1
    assert hosts.nth(1).locator(".view").inner_text() == untouched
    assert page.evaluate("Object.keys(window).filter((n) => n.startsWith('minillm'))") == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(open_page, saved, axe, theme):
    page = open_page(saved, color_scheme=theme)
    page.locator(".token").nth(2).click()
    for details in page.locator("details summary").all():
        details.click()
    settle(page)
    assert axe(page) == []


def test_forced_colours_and_small_screens_keep_it_whole(open_page, saved):
    page = open_page(saved, forced_colors="active", reduced_motion="reduce", width=400)
    assert page.locator(".token").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_the_theme_follows_the_page(open_page, tmp_path, kind):
    path = tmp_path / "page.html"
    dark = "<style>[data-theme=dark] body { background: #111 }</style>"
    path.write_text(in_page(VIEWS[kind](), head=dark), encoding="utf-8")
    page = open_page(path)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_timeout(100)
    settle(page)
    assert page.locator(".view").get_attribute("data-theme") == "dark"


def test_keys_stay_with_the_view(open_page, saved):
    page = open_page(saved)
    unmarked = page.evaluate(
        f"""() => [...{INSIDE}.querySelectorAll('button, select, input, summary, [tabindex]')]
            .filter((e) => !e.dataset.lmSuppressShortcuts).map((e) => e.outerHTML)"""
    )
    assert unmarked == []
    page.evaluate("window.heard = 0; document.addEventListener('keydown', () => window.heard++)")
    page.locator(".strip").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("window.heard") == 0
    page.keyboard.press("a")
    assert page.evaluate("window.heard") == 1  # only the keys it uses


def hostile_expected():
    count = len(HOSTILE)
    logits = np.random.default_rng(0).normal(size=(2, count, count))
    return viz.next_token(logits, HOSTILE, range(count))


def hostile_cut():
    tokens = [token for token in HOSTILE if token]  # a token of a text is never empty
    text = b"".join(t if isinstance(t, bytes) else t.encode() for t in tokens).decode()
    return viz.tokens({"<b>list</b>": tokens, "bytes": ByteTokenizer()}, text)


@pytest.mark.parametrize("make", [hostile_expected, hostile_cut])
def test_hostile_tokens_are_text_everywhere(open_page, tmp_path, make):
    page = open_page(make().save(tmp_path / "page.html"))
    shown = page.locator(".strip").first.locator(".token").all_text_contents()
    assert shown[:4] == ["<script>alert(1)</script>", "</script>", "</SCRIPT>", "<!--"]
    assert shown[8] == "↵"
    assert shown[9] == "U+2028"
    assert shown[12:14] == ["E4·BD", "A0"]
    assert page.evaluate(f"{INSIDE}.querySelectorAll('script, img, svg').length") == 0
    assert "\ufffd" not in page.locator(".view").inner_text()
    page.locator(".strip").first.focus()
    for _ in HOSTILE:
        page.keyboard.press("ArrowRight")
        settle(page)
    for details in page.locator("details summary").all():
        details.click()
    texts = kept_svg_texts(page)
    assert "</script>" in texts


def test_pictures_can_be_kept(open_page, saved):
    page = open_page(saved)
    picture = kept_png(page)
    assert picture.startswith(b"\x89PNG")
    assert int.from_bytes(picture[16:20], "big") > 900  # pixels across


@pytest.fixture
def mounted(open_page, serve, tmp_path, kind):
    """A page with the module beside it, as a widget manager would load it."""
    (tmp_path / "view.mjs").write_text(script.module(kind), encoding="utf-8")
    shown = VIEWS[kind]().html(shared=True)  # no script of its own
    (tmp_path / "page.html").write_text(
        f'<!doctype html><meta charset="utf-8"><title>x</title><body>{shown}', encoding="utf-8"
    )
    return open_page(f"{serve(tmp_path)}/page.html", ready=None)


def test_fifty_mounts_leave_nothing_behind(mounted):
    session = mounted.context.new_cdp_session(mounted)

    def counters():
        mounted.wait_for_timeout(200)  # until what was to be told later has been told
        for _ in range(3):
            session.send("HeapProfiler.collectGarbage")
        return session.send("Memory.getDOMCounters")

    mounted.evaluate(MOUNT, 3)
    before = counters()
    mounted.evaluate(MOUNT, 51)
    mounted.evaluate("document.body.children[1].remove()")  # one of the two views that stand
    after = counters()
    # the one view that stands, and no fifty more
    assert after["nodes"] <= before["nodes"] + 60
    assert after["jsEventListeners"] <= before["jsEventListeners"] + 40


def test_choices_are_told_and_taken(mounted, kind):
    mounted.evaluate(MOUNT, 1)
    settle(mounted)
    mounted.locator(".strip").first.locator(".token").nth(2).click()
    settle(mounted)
    assert dict(mounted.evaluate("window.told"))["token"] == 2
    mounted.mouse.move(2, 2)
    if kind == "next_token":
        mounted.evaluate("window.model.change('top_k', 3)")
        mounted.evaluate("window.model.change('layer', 0)")
        settle(mounted)
        assert "3 of 8 tokens" in mounted.locator(".sum").inner_text()
        assert "(layer 0)" in plain(mounted.locator("h3").inner_text())
    else:
        mounted.evaluate("window.model.change('steps', { bpe: 0 })")
        mounted.evaluate("window.model.change('token', 1)")
        settle(mounted)
        assert "34 tokens" in mounted.locator(".heading").first.inner_text()
        assert plain(mounted.locator(".line").inner_text()).startswith("“h”: position 1,")
