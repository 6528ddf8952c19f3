"""Talking with a tuned model, from Python and in a terminal."""

import io
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from minillm import chat, cli
from minillm.adapt.conversation import ConversationRows, Template, Turn
from minillm.batches import IGNORE
from minillm.models.gpt import GPT, GPTConfig
from minillm.training import TrainConfig, Trainer, save_model
from minillm.world import Service, Setting

ROOT = Path(__file__).parents[1]
UNKNOWN = {"en": "xylophone", "zh": "琴"}
SHORT = Setting(orders=(1,), questions=(1, 1))


@pytest.fixture(scope="module", params=["en", "zh"])
def tuned(request, tmp_path_factory):
    """A small model that knows four conversations by heart, kept in a folder."""
    shop = Service(language=request.param)
    talks, template = shop.write(4, seed=1, setting=SHORT), Template(**shop.template)
    turns = [conversation.turns for conversation in talks]
    rows = ConversationRows(turns, shop.tokenizer, batch_size=8, template=template)
    shape = dict(context=64, layers=2, heads=2, width=64, position="rotary")
    model = GPT(GPTConfig(vocab_size=shop.tokenizer.vocab_size, **shape))
    for _ in Trainer(model, rows, None, TrainConfig(steps=100, lr=5e-3)):
        pass
    folder = tmp_path_factory.mktemp("tuned")
    chat.save(folder, model, shop.tokenizer, template, system=turns[0][0].text)
    return shop, turns, folder


def test_the_template_writes_what_the_world_wrote(tuned):
    shop, _, _ = tuned
    template = Template(**shop.template)
    for conversation in shop.write(20, seed=2):
        ids, answers = template.spell(conversation.turns, shop.tokenizer)
        tokens = [shop.book.vocabulary[i] for i in ids]
        assert tokens == list(conversation.document.tokens)
        # what is scored is certain: no model that has learnt everything loses anything there
        assert not conversation.document.log_probs[answers].any()
        assert sum(token == "<end>" for token in tokens) == len(conversation.answers)
    rows = ConversationRows([conversation.turns], shop.tokenizer, batch_size=1, template=template)
    scored = next(rows.whole()).targets != IGNORE
    assert scored.sum() == sum(answers)


def test_a_saved_model_answers_and_stops(tuned):
    _, turns, folder = tuned
    for system, question, answer, thanks, goodbye in turns:
        talk = chat.load(folder)
        talk.system = system.text
        assert "".join(talk.say(question.text)) == answer.text
        assert "".join(talk.say(thanks.text)) == goodbye.text
        assert [turn.text for turn in talk.turns] == [
            *(system.text, question.text, answer.text, thanks.text, goodbye.text)
        ]
        talk.new()
        assert "".join(talk.say(question.text)) == answer.text


def test_what_cannot_be_said_leaves_the_conversation_as_it_was(tuned):
    shop, turns, folder = tuned
    talk = chat.load(folder)
    list(talk.say(turns[0][1].text))
    before = list(talk.turns)
    word = UNKNOWN[shop.tokenizer.language]
    with pytest.raises(ValueError, match=word):
        talk.say(word)
    for _ in range(3):
        talk.turns += before[1:]
    full = list(talk.turns)
    with pytest.raises(chat.Full, match=r"64"):
        talk.say(turns[0][1].text)
    assert talk.turns == full


def test_an_answer_that_is_cut_says_so(tuned, capsys):
    _, turns, folder = tuned
    talk = chat.load(folder)
    talk.turns = [Turn(one.role, one.text) for one in turns[0][:3]]
    question, whole = turns[0][1].text, turns[0][2].text
    ids = talk.template.prompt([*talk.turns, Turn("user", question)], talk.tokenizer)
    context = len(ids) + 1 + 2  # the end token is read first; room for two tokens
    talk.model.config = replace(talk.model.config, context=context)
    pieces = []
    with pytest.raises(chat.Full, match=str(context)):
        pieces.extend(talk.say(question))  # keeps what came before the error
    assert whole.startswith("".join(pieces))
    assert 0 < len("".join(pieces)) < len(whole)
    assert talk.turns[-1].text == "".join(pieces)


def test_a_terminal_talks_until_quit(tuned, capsys):
    shop, turns, folder = tuned
    _, question, answer, *_ = turns[0]
    talk, word = chat.load(folder), UNKNOWN[shop.tokenizer.language]
    lines = [question.text, "", word, "/new", question.text, "/quit", "never read"]
    chat.run(talk, io.StringIO("\n".join(lines)))
    out = capsys.readouterr().out
    assert out.count(f"{answer.text}\n") == 2
    assert word in out.split(f"{word}\n", 1)[1]  # the error names the word
    assert "never read" not in out
    assert turns[0][0].text in out  # the orders are shown


def test_ctrl_d_ends_and_a_full_conversation_is_said(tuned, capsys):
    _, turns, folder = tuned
    talk = chat.load(folder)
    chat.run(talk, io.StringIO(f"{turns[0][1].text}\n" * 8))  # no /quit: the end of the input
    out = capsys.readouterr().out
    assert "/new" in out.splitlines()[-2]
    assert re.search(r"\d+ .*64", out.splitlines()[-2])


def test_the_command(tuned, tmp_path):
    _, turns, folder = tuned
    other = turns[1]
    command = [sys.executable, "-m", "minillm", "chat", "--model", folder]
    done = subprocess.run(
        [*command, "--system", other[0].text],
        input=f"{other[1].text}\n",
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert other[2].text in done.stdout.splitlines()
    assert other[0].text in done.stdout


def test_what_no_question_could_mend_is_refused_at_once(tuned, capsys):
    shop, _, folder = tuned
    word = UNKNOWN[shop.tokenizer.language]
    assert cli.main(["chat", "--model", str(folder), "--system", word]) == 2
    assert word in capsys.readouterr().err
    assert cli.main(["chat", "--model", str(folder), "--temperature", "-1"]) == 2
    assert "temperature" in capsys.readouterr().err


def test_a_model_that_tells_stories_cannot_chat(tmp_path, capsys):
    shop = Service()
    model = GPT(GPTConfig(vocab_size=8, context=8, layers=1, heads=1, width=4))
    save_model(tmp_path, model, shop.tokenizer)
    assert cli.main(["chat", "--model", str(tmp_path)]) == 2
    assert "template" in capsys.readouterr().err
    assert cli.main(["chat", "--model", str(tmp_path / "nowhere")]) == 2
    assert "no model" in capsys.readouterr().err
