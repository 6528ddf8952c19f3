import pytest
import torch

from minillm.adapt.conversation import ConversationRows, Template, Turn
from minillm.batches import IGNORE
from minillm.models.gpt import GPT, GPTConfig
from minillm.tokenizer import ByteTokenizer, CharTokenizer
from minillm.training import TrainConfig, Trainer


class Ended(ByteTokenizer):
    """Bytes, and byte 0 ends an answer."""

    kind = "bytes that end"
    end = 0


TALK = [Turn("user", "hi"), Turn("assistant", "yo"), Turn("user", "k?"), Turn("assistant", "ok")]


def test_answers_and_their_ends_are_scored_and_nothing_else():
    rows = ConversationRows([TALK, TALK[:2]], Ended(), batch_size=2)
    batch = next(rows.whole())
    assert bytes(batch.inputs[0].tolist()) == b"\0Q: hi\nA: yo\0Q: k?\nA: o"[:1] + (
        b"Q: hi\nA: yo\0Q: k?\nA: ok"
    )
    scored = batch.targets[0] != IGNORE
    assert bytes(batch.targets[0][scored].tolist()) == b"yo\0ok\0"
    # each target is the token after what is read there
    places = scored.nonzero().flatten()[:-1]
    assert torch.equal(batch.targets[0][places], batch.inputs[0][places + 1])
    assert bytes(t for t in batch.targets[1].tolist() if t != IGNORE) == b"yo\0"


def test_the_model_is_asked_where_an_answer_begins():
    assert bytes(Template().prompt(TALK[:1], Ended())) == b"Q: hi\nA: "
    own = Template(user=("<u>", ""), assistant=("<a>", "\n"))
    assert bytes(own.prompt(TALK[:3], Ended())) == b"<u>hi<a>yo\0\n<u>k?<a>"
    ids, answers = own.spell(TALK[:2], Ended())
    assert bytes(i for i, a in zip(ids, answers, strict=True) if a) == b"yo\0"


def test_a_model_learns_to_answer_and_to_stop():
    talks = [[Turn("user", c), Turn("assistant", c.upper())] for c in "abc"]
    rows = ConversationRows(talks, Ended(), batch_size=8)
    model = GPT(GPTConfig(vocab_size=256, context=16, layers=1, heads=2, width=32))
    for _ in Trainer(model, rows, None, TrainConfig(steps=80, lr=1e-2)):
        pass
    for talk in talks:
        ids = [Ended.end, *Template().prompt(talk[:1], Ended())]
        said = []
        while len(said) < 3 and Ended.end not in said:
            said.append(int(model(torch.tensor([ids + said]))[0, -1].argmax()))
        assert bytes(said) == talk[1].text.encode() + b"\0"


@pytest.mark.parametrize(
    ("talks", "options", "says"),
    [
        ([TALK, TALK[:1]], {}, "Conversation 1 has no answer"),
        ([], {}, "no conversations"),
        ([TALK], {"context": 10}, "Conversation 0 has 24 tokens; the model reads 10"),
        ([[Turn("clerk", "be nice")]], {}, "'clerk' is no role"),
    ],
)
def test_what_cannot_be_learnt_from(talks, options, says):
    with pytest.raises(ValueError, match=says):
        ConversationRows(talks, Ended(), batch_size=1, **options)


def test_a_tokenizer_without_an_end():
    with pytest.raises(ValueError, match="no end token"):
        Template().spell(TALK, CharTokenizer.train("hiyok?QA: \n"))
