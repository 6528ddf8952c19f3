import pytest
import torch
import torch.nn.functional as F

from minillm.models.attention import (
    Attention,
    attention,
    attention_weights,
    causal_mask,
)


def qkv(B=2, H=3, T=5, S=7, D=4):
    g = torch.Generator().manual_seed(0)
    return (
        torch.randn(B, H, T, D, generator=g),
        torch.randn(B, H, S, D, generator=g),
        torch.randn(B, H, S, D, generator=g),
    )


@pytest.mark.parametrize("masked", [False, True])
def test_readable_path_equals_torchs(masked):
    q, k, v = qkv()
    mask = causal_mask(5, 7) if masked else None
    expected = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    torch.testing.assert_close(attention(q, k, v, mask), expected, atol=1e-6, rtol=1e-5)


def test_rows_sum_to_one_and_respect_the_mask():
    q, k, _ = qkv()
    mask = causal_mask(5, 7)
    weights = attention_weights(q, k, mask)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 3, 5))
    assert (weights[:, :, ~mask] == 0).all()
    assert (weights[:, :, mask] > 0).all()


def test_a_query_with_nothing_to_read_gets_zeros_and_a_finite_gradient():
    q, k, v = (x.requires_grad_() for x in qkv())
    mask = torch.ones(5, 7, dtype=torch.bool)
    mask[2] = False
    y = attention(q, k, v, mask)
    assert (y[:, :, 2] == 0).all()
    y.sum().backward()
    assert all(x.grad.isfinite().all() for x in (q, k, v))


@pytest.mark.parametrize("qk_norm", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_watching_the_weights_changes_nothing(qk_norm, masked):
    layer = Attention(12, 3, bias=True, qk_norm=qk_norm, dropout=0.0)
    x = torch.randn(2, 6, 12, generator=torch.Generator().manual_seed(1))
    mask = torch.rand(2, 1, 6, 6, generator=torch.Generator().manual_seed(2)) > 0.4
    mask = mask | torch.eye(6, dtype=torch.bool) if masked else None
    fast = layer(x, mask)
    seen = []
    handle = layer.weights.register_forward_hook(lambda module, args, out: seen.append(out))
    slow = layer(x, mask)
    handle.remove()
    torch.testing.assert_close(slow, fast, atol=1e-6, rtol=1e-5)
    assert seen[0].shape == (2, 3, 6, 6)
    assert not layer.weights.watched


def test_a_hook_can_replace_the_weights():
    layer = Attention(8, 2, bias=False, qk_norm=False, dropout=0.0)
    x = torch.randn(1, 4, 8, generator=torch.Generator().manual_seed(1))
    handle = layer.weights.register_forward_hook(lambda module, args, out: torch.zeros_like(out))
    assert (layer(x, None) == 0).all()
    handle.remove()
    assert (layer(x, None) != 0).any()


def test_no_token_sees_the_future():
    layer = Attention(8, 2, bias=True, qk_norm=False, dropout=0.0)
    x = torch.randn(1, 6, 8, generator=torch.Generator().manual_seed(1), requires_grad=True)
    layer(x, None)[0, 2].sum().backward()
    assert (x.grad[0, 3:] == 0).all()
    assert (x.grad[0, :3] != 0).any()
