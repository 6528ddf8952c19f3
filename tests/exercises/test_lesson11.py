"""The references of lesson 11 against the package."""

from minillm.adapt.conversation import ConversationRows, Template
from minillm.exercises.lesson11.answers import exact_match
from minillm.exercises.lesson11.mask import mask
from minillm.exercises.lesson11.room import fit
from minillm.exercises.lesson11.shared import token_f1
from minillm.exercises.lesson11.template import template
from minillm.world import Service


def test_the_template_and_the_mask_are_the_packages():
    shop = Service()
    form, tokenizer = Template(**shop.template), shop.tokenizer
    before = {role: words for role, (words, _) in shop.template.items()}
    talks = shop.write(5, seed=1)
    rows = ConversationRows([talk.turns for talk in talks], tokenizer, batch_size=5, template=form)
    batch = next(rows.whole())
    for number, talk in enumerate(talks):
        ids, answers = form.spell(talk.turns, tokenizer)
        assert tokenizer.encode(template(list(talk.turns), before, "<end>")) == ids
        question = list(talk.turns[:2])
        asked = template(question, before, "<end>")
        assert tokenizer.encode(asked) == form.prompt(question, tokenizer)
        inputs, targets = mask(ids, answers, tokenizer.end)
        assert batch.inputs[number, : len(ids)].tolist() == inputs
        assert batch.targets[number, : len(ids)].tolist() == targets


def test_measures_of_answers():
    true = ["It is red.", "It cost ten coins."]
    assert exact_match(["it is red", "It cost two coins."], true) == 0.5
    assert token_f1(["it is red", "It cost two coins."], true) == (1 + 0.75) / 2
    assert token_f1(["", "no"], true) == 0.0


def test_the_question_and_the_orders_always_stay():
    turns = [[1] * n for n in (4, 2, 2, 3, 3, 2)]
    for room in range(6, 20):
        kept = fit(turns, room)
        assert kept[0] is turns[0]
        assert kept[-1] is turns[-1]
        assert sum(map(len, kept)) <= room
        assert len(kept) % 2 == 0
    assert fit(turns, 16) == turns
