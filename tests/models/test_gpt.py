from dataclasses import replace
from itertools import product

import pytest
import torch
import torch.nn.functional as F

from minillm.models.gpt import GPT, GPTConfig
from minillm.models.layers import MLP, RMSNorm, Rotary, sinusoids

SMALL = GPTConfig(vocab_size=11, context=16, layers=2, heads=2, width=16)
VARIANTS = [
    replace(SMALL, position=p, norm=n, norm_place=place, mlp=m, qk_norm=q, tied=q, bias=not q)
    for (p, n), place, (m, q) in product(
        [("none", "layer"), ("learned", "rms"), ("sinusoidal", "layer"), ("rotary", "rms")],
        ["before", "after"],
        [("gelu", False), ("relu2", True), ("swiglu", True)],
    )
]


def name(c):
    return f"{c.position}-{c.norm}-{c.norm_place}-{c.mlp}"


def build(config, seed=0):
    return GPT(config, seed=seed).eval()


def some_tokens(B=2, T=12, seed=1):
    return torch.randint(11, (B, T), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("config", VARIANTS, ids=name)
def test_every_variant_is_causal_and_learns(config):
    model, tokens = build(config), some_tokens()
    logits = model(tokens)
    assert logits.shape == (2, 12, 11)
    changed = tokens.clone()
    changed[:, 8:] = (changed[:, 8:] + 1) % 11
    assert torch.allclose(model(changed)[:, :8], logits[:, :8], atol=1e-6)
    assert not torch.allclose(model(changed)[:, 8:], logits[:, 8:], atol=1e-6)

    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(20):
        loss = F.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize("config", VARIANTS, ids=name)
def test_cached_reading_equals_reading_at_once(config):
    model, tokens = build(config), some_tokens()
    whole = model(tokens)
    cache = model.new_cache(batch=2)
    parts = [model(part, cache=cache) for part in tokens.split([5, 3, 1, 1, 1, 1], dim=1)]
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, atol=1e-5, rtol=1e-4)
    assert cache.length == 12


def test_equals_torchs_own_encoder_layer():
    """A GPT-2-style block, causal, against torch.nn.TransformerEncoderLayer with its weights."""
    block = build(SMALL).blocks[0]
    twin = torch.nn.TransformerEncoderLayer(
        16, 2, 64, 0.0, lambda x: F.gelu(x, approximate="tanh"), batch_first=True, norm_first=True
    ).eval()
    a, m = block.attention, block.mlp
    with torch.no_grad():
        for p in block.parameters():
            p.normal_(0, 0.3, generator=torch.Generator().manual_seed(p.numel()))
        twin.self_attn.in_proj_weight.copy_(a.qkv.weight)
        twin.self_attn.in_proj_bias.copy_(a.qkv.bias)
    for ours, theirs in [
        (a.output, twin.self_attn.out_proj),
        (m.up, twin.linear1),
        (m.down, twin.linear2),
        (block.attention_norm, twin.norm1),
        (block.mlp_norm, twin.norm2),
    ]:
        theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 7, 16, generator=torch.Generator().manual_seed(5))
    mask = torch.nn.Transformer.generate_square_subsequent_mask(7)
    torch.testing.assert_close(block(x, None), twin(x, src_mask=mask), atol=1e-5, rtol=1e-5)


def test_positions_matter_only_where_there_are_some():
    """Without positions and without a mask, shuffled input gives shuffled output."""
    tokens, order = some_tokens(B=1, T=8), torch.randperm(8, generator=torch.Generator())
    everyone = torch.ones(8, 8, dtype=torch.bool)
    for position in ("none", "learned", "sinusoidal", "rotary"):
        model = build(replace(SMALL, position=position))
        with torch.no_grad():  # large weights, so that attention is far from uniform
            for p in model.parameters():
                p.mul_(10)
        straight = model(tokens, mask=everyone)[:, order]
        shuffled = model(tokens[:, order], mask=everyone)
        assert torch.allclose(straight, shuffled, atol=1e-4) == (position == "none"), position


def test_documents_in_one_window_do_not_meet():
    """A block mask with restarted positions equals reading each document by itself."""
    model, tokens = build(replace(SMALL, position="rotary")), some_tokens(B=1, T=10)
    document = torch.tensor([0] * 4 + [1] * 6)
    mask = (document[:, None] == document[None]).tril()
    positions = torch.cat([torch.arange(4), torch.arange(6)])
    together = model(tokens, mask=mask, positions=positions)
    apart = torch.cat([model(tokens[:, :4]), model(tokens[:, 4:])], dim=1)
    torch.testing.assert_close(together, apart, atol=1e-6, rtol=1e-5)


def test_the_seed_fixes_the_weights_and_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    a, b, c = build(SMALL, 0), build(SMALL, 0), build(SMALL, 1)
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
    assert not torch.equal(a.embedding.weight, c.embedding.weight)
    assert torch.equal(torch.get_rng_state(), before)


def test_zero_branches_make_a_fresh_block_the_identity():
    block = build(replace(SMALL, zero_branches=True)).blocks[0]
    x = torch.randn(1, 4, 16, generator=torch.Generator().manual_seed(0))
    assert torch.equal(block(x, None), x)


def test_tied_head_shares_its_weights():
    assert build(SMALL).head is None
    assert build(replace(SMALL, tied=False)).head.weight.shape == (11, 16)


def test_rotary_scores_depend_on_distance_alone():
    rotary = Rotary(8, 32)
    q, k = torch.randn(2, 1, 1, 1, 8, generator=torch.Generator().manual_seed(3))

    def score(at_q, at_k):
        return (rotary.at(torch.tensor([at_q]))(q) * rotary.at(torch.tensor([at_k]))(k)).sum()

    torch.testing.assert_close(score(3, 7), score(20, 24), atol=1e-5, rtol=1e-5)
    assert abs(score(3, 7) - score(3, 9)) > 1e-3


def test_sinusoids_follow_the_formula():
    table = sinusoids(50, 6)
    expected = [torch.sin(torch.tensor(7 / 10_000 ** (2 * i / 6))) for i in range(3)]
    torch.testing.assert_close(table[7, :3], torch.stack(expected), atol=1e-6, rtol=1e-5)


def test_rms_norm_has_length_one_per_number():
    x = torch.randn(3, 10, generator=torch.Generator().manual_seed(0)) * 7
    torch.testing.assert_close(RMSNorm(10)(x).square().mean(-1), torch.ones(3), atol=1e-4, rtol=0)


def test_mlp_kinds_hold_about_the_same_number_of_weights():
    sizes = [sum(p.numel() for p in MLP(96, k, bias=False).parameters()) for k in ("gelu", "relu2")]
    sizes.append(sum(p.numel() for p in MLP(96, "swiglu", bias=False).parameters()))
    assert max(sizes) / min(sizes) < 1.05


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict(heads=3), "does not divide"),
        (dict(width=6, heads=2, position="rotary"), "even"),
        (dict(position="alibi"), "position"),
        (dict(mlp="relu"), "mlp"),
        (dict(layers=0), "layers is 0"),
        (dict(dropout=1.0), "dropout"),
    ],
)
def test_impossible_shapes_are_refused(change, words):
    with pytest.raises(ValueError, match=words):
        replace(SMALL, **change)


def test_unknown_settings_are_refused():
    with pytest.raises(TypeError, match="colour"):
        GPTConfig(vocab_size=1, context=1, layers=1, heads=1, width=1, colour="red")


def test_a_text_longer_than_the_context_is_refused():
    with pytest.raises(ValueError, match="reads 16 at once"):
        build(SMALL)(some_tokens(T=17))
    cache = build(SMALL).new_cache(capacity=4)
    with pytest.raises(ValueError, match="cache holds 4"):
        build(SMALL)(some_tokens(B=1, T=5), cache=cache)
