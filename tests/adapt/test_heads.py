import pytest
import torch

from minillm.adapt.heads import Classifier, Labelled, freeze, groups, predict, tune
from minillm.models.bert import Bert, BertConfig
from minillm.tokenizer import WordPieceTokenizer
from minillm.tokenizer.wordpiece import SPECIAL

CONFIG = BertConfig(vocab_size=12, context=8, layers=2, heads=2, width=8)


def classifier(**options):
    return Classifier(Bert(CONFIG, seed=0), width=8, classes=3, **options)


def data(n=48):
    """Texts of one to four words; the class is that of the first word."""
    g = torch.Generator().manual_seed(0)
    tokens = [torch.randint(5, 12, (1 + i % 4,), generator=g) for i in range(n)]
    labels = torch.arange(n) % 3
    for row, label in zip(tokens, labels, strict=True):
        row[0] = 5 + label
    return Labelled(tokens=tokens, labels=labels, classes=3)


@pytest.mark.parametrize("pool", ["mean", "first"])
def test_padding_changes_nothing(pool):
    model, rows = classifier(pool=pool).eval(), data()
    torch.nn.init.normal_(model.head.weight, generator=torch.Generator().manual_seed(1))
    tokens, real, _ = rows.batch([3, 0])
    alone = model(tokens[1:, :1])
    torch.testing.assert_close(model(tokens, real=real)[1:], alone)


def test_a_fresh_head_prefers_nothing():
    tokens, real, _ = data().batch(range(4))
    assert classifier()(tokens, real=real).abs().max() == 0


@pytest.mark.parametrize(
    ("last", "moving"),
    [(0, []), (1, ["blocks.1."]), (2, ["blocks.0.", "blocks.1."]), (None, None)],
)
def test_only_what_is_not_frozen_moves(last, moving):
    model = classifier()
    count = freeze(model, last=last)
    before = {name: p.clone() for name, p in model.named_parameters()}
    for _ in tune(model, data(), epochs=2, lr=1e-3, head_lr=1e-2, batch_size=8):
        pass
    moved = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    unused = {"encoder.pooler.weight", "encoder.pooler.bias"}  # the mean does not pass it
    expected = {
        name
        for name in before
        if name.startswith("head.") or moving is None or any(m in name for m in moving)
    } - unused
    assert moved == expected
    assert count == sum(before[n].numel() for n in expected | (unused if last is None else set()))


def test_groups_hold_every_trained_weight_once_and_spare_what_is_no_matrix():
    model = classifier()
    freeze(model, last=1)
    made = groups(model, lr=1e-5, head_lr=1e-2)
    named = {id(p): name for name, p in model.named_parameters()}
    listed = [named[id(p)] for group in made for p in group["params"]]
    assert len(listed) == len(set(listed)) == 14
    for group in made:
        for p in group["params"]:
            assert group["lr"] == (1e-2 if named[id(p)].startswith("head") else 1e-5)
            assert (group["weight_decay"] > 0) == (p.dim() > 1)


def test_it_learns_and_repeats_itself():
    found = []
    for _ in range(2):
        model = classifier()
        losses = list(tune(model, data(), epochs=20, lr=3e-3, head_lr=1e-2, batch_size=8, seed=3))
        found.append(losses)
    assert found[0] == found[1]
    assert losses[0] == pytest.approx(1.0986, abs=1e-3)  # ln 3
    right = predict(model, data()).argmax(1) == data().labels
    assert right.float().mean() > 0.9


def test_batches_hold_every_text_once():
    rows = data(50)
    g = torch.Generator().manual_seed(0)
    first, second = ([*rows.shuffled(16, g)] for _ in range(2))
    for batches in (first, second, [*rows.by_length(16)]):
        assert sorted(i for batch in batches for i in batch) == list(range(50))
    assert first != second


def test_texts_become_rows():
    words = [*SPECIAL, "a", "cat", "sat"]
    tokenizer = WordPieceTokenizer(words)
    rows = Labelled.of(["a cat sat", "cat"], ["z", "b"], tokenizer, most=4)
    assert [row.tolist() for row in rows.tokens] == [[2, 5, 6, 3], [2, 6, 3]]
    assert rows.labels.tolist() == [1, 0]


def test_weights_count_a_rare_class_more():
    rows = data()
    kept = [i for i in range(48) if rows.labels[i] != 2 or i == 2]
    few = Labelled(tokens=[rows.tokens[i] for i in kept], labels=rows.labels[kept], classes=3)
    mean = []
    for weights in (None, torch.tensor([1.0, 1.0, 30.0])):
        model = classifier()
        freeze(model, last=0)
        [*tune(model, few, epochs=10, lr=0, head_lr=5e-2, weights=weights)]
        mean.append(predict(model, few)[:, 2].mean())
    assert mean[1] > 2 * mean[0]


def test_what_cannot_be():
    with pytest.raises(ValueError, match="at least 2"):
        Classifier(Bert(CONFIG), width=8, classes=1)
    with pytest.raises(ValueError, match="pool is 'last'"):
        classifier(pool="last")
    with pytest.raises(ValueError, match="last is 3; this encoder has 2 blocks"):
        freeze(classifier(), last=3)
    rows = [torch.tensor([1])] * 2
    with pytest.raises(ValueError, match=r"Label 2 is outside 0\.\.1"):
        Labelled(tokens=rows, labels=torch.tensor([0, 2]), classes=2)
    with pytest.raises(ValueError, match="Class 1 has no example"):
        Labelled(tokens=rows, labels=torch.tensor([0, 0]), classes=2)
    with pytest.raises(ValueError, match="2 texts came with 1 labels"):
        Labelled(tokens=rows, labels=torch.tensor([0]), classes=2)
