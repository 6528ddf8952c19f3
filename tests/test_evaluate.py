import math
from itertools import pairwise

import pytest
import torch
from torch import nn

from minillm import evaluate
from minillm.batches import DocumentRows, Windows, spelled
from minillm.tokenizer import ByteTokenizer
from minillm.world import KINDS, World


class Bigram(nn.Module):
    """Logits that depend on the last token alone, so that the loss is known."""

    def __init__(self, table):
        super().__init__()
        self.table = nn.Parameter(table)
        self.dropout = nn.Dropout(0.5)

    def forward(self, tokens):
        return self.dropout(self.table)[tokens]


def test_loss_is_the_mean_over_every_token():
    table = torch.randn(5, 5, generator=torch.Generator().manual_seed(0))
    ids = [0, 3, 1, 4, 4, 2, 0, 1, 3, 2, 2]
    log_p = table.log_softmax(-1)
    expected = -sum(log_p[a, b].item() for a, b in pairwise(ids)) / 10
    model = Bigram(table)  # in training mode: dropout must be off, and on again afterwards
    for context in (1, 3, 10):
        data = Windows(ids, context=context, batch_size=1)
        assert evaluate.loss(model, data) == pytest.approx(expected, abs=1e-6)
    assert model.training


def test_uniform_model():
    model = Bigram(torch.zeros(8, 8))
    loss = evaluate.loss(model, Windows([1, 2, 3, 4], context=2, batch_size=1))
    assert loss == pytest.approx(math.log(8))
    assert evaluate.perplexity(loss) == pytest.approx(8)
    assert evaluate.bits_per_byte(loss, tokens=3, bytes=9) == pytest.approx(1)


class Oracle(nn.Module):
    """The world's own probabilities as a model: logits of whatever may come next."""

    def __init__(self, world):
        super().__init__()
        self.world, self.nothing = world, nn.Parameter(torch.zeros(1))

    def forward(self, tokens):
        shape = (*tokens.shape, len(self.world.vocabulary))
        logits = torch.full(shape, -torch.inf, dtype=torch.float64)
        for b, row in enumerate(tokens.tolist()):
            words = [self.world.vocabulary[i] for i in row[1:]]
            for t in range(len(row)):
                if "<end>" in words[:t]:
                    logits[b, t] = 0.0  # padding: not scored
                    continue
                for token, p in self.world.oracle.next(words[:t]).items():
                    logits[b, t, self.world.tokenizer.ids[token]] = math.log(p)
        return logits


class Uniform(nn.Module):
    def __init__(self, V):
        super().__init__()
        self.V, self.nothing = V, nn.Parameter(torch.zeros(1))

    def forward(self, tokens):
        return torch.zeros(*tokens.shape, self.V)


def rows_of(documents, end=0, batch_size=4):
    return DocumentRows(
        (documents[i] for i in range(len(documents))), end=end, batch_size=batch_size
    )


def test_the_oracle_has_no_regret():
    world = World(seed=3)
    found = evaluate.regret(Oracle(world), rows_of(world.documents(4, seed=1)), KINDS)
    assert set(found) == {"all", *KINDS}
    for kind, r in found.items():
        assert abs(r.bits) < 1e-12, kind
        assert r.error < 1e-12, kind
        assert r.tokens > 0, kind


def test_a_uniform_models_regret_is_the_closed_form():
    world = World(seed=0)
    documents = world.documents(50, seed=2)
    found = evaluate.regret(Uniform(len(world.vocabulary)), rows_of(documents), KINDS)
    for k, kind in enumerate(KINDS):
        of_kind = documents.log_probs[documents.kinds == k]
        expected = math.log2(len(world.vocabulary)) + of_kind.mean() / math.log(2)
        assert found[kind].bits == pytest.approx(expected, abs=1e-9)
        assert found[kind].tokens == len(of_kind)
    assert found["all"].tokens == len(documents.ids)


def test_the_error_covers_the_truth_about_as_often_as_it_says():
    world = World(seed=0)
    model = Uniform(len(world.vocabulary))
    truth = evaluate.regret(model, rows_of(world.documents(4000, seed=99)), KINDS)["world"].bits
    inside = 0
    for seed in range(100):
        r = evaluate.regret(model, rows_of(world.documents(40, seed=seed)), KINDS)["world"]
        inside += abs(r.bits - truth) < 2 * r.error
    assert 85 <= inside <= 100


def test_spelling_a_document_in_bytes_keeps_its_floor():
    world, tokenizer = World(seed=0), ByteTokenizer()
    documents = [world.write(seed) for seed in range(5)]
    rows = [
        spelled(list(world.book.pieces(d.tokens[:-1])), d.log_probs, d.kinds, tokenizer, end=256)
        for d in documents
    ]
    for (ids, log_probs, _), document in zip(rows, documents, strict=True):
        assert tokenizer.decode(ids[:-1]) == world.text(document.tokens)
        assert sum(log_probs) == pytest.approx(document.log_prob, abs=1e-9)
    data = DocumentRows(rows, end=256, batch_size=2)
    found = evaluate.loss(Uniform(257), data)
    assert found == pytest.approx(math.log(257))


def test_rows_hold_each_document_by_itself():
    world = World(seed=0)
    documents = world.documents(20, seed=5)
    data = rows_of(documents, batch_size=6)
    pairs = [pair for b in data.whole(7) for pair in zip(b.inputs, b.targets, strict=True)]
    for i, (inputs, targets) in enumerate(pairs):
        ids = documents[i][0].tolist()
        assert targets[targets >= 0].tolist() == ids
        assert inputs[: len(ids)].tolist() == [0, *ids[:-1]]
    sampled = data.sample(torch.Generator().manual_seed(0))
    assert sampled.inputs.shape[0] == 6
    assert sampled.log_probs.shape == sampled.targets.shape
    with pytest.raises(ValueError, match="no documents"):
        DocumentRows([], end=0, batch_size=1)
