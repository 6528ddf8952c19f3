import copy
import warnings

import pytest
import torch
from safetensors.torch import load_file, save_file

from minillm.adapt import lora
from minillm.models.gpt import GPT, GPTConfig

TARGETS = r"blocks\.\d+\.(attention\.(qkv|output)|mlp\.(up|down))"
TOKENS = torch.tensor([[1, 2, 3, 4]])


def gpt():
    return GPT(GPTConfig(vocab_size=9, context=8, layers=2, heads=2, width=8)).eval()


def tuned(model, seed=0):
    """As after training: B is not zero any more."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in lora.adapted(model).values():
            layer.B.normal_(0, 0.5, generator=g)
    return model


def test_at_first_nothing_has_changed_and_only_the_product_is_trained():
    model = gpt()
    before = model(TOKENS)
    layers = lora.adapt(model, TARGETS, rank=2, alpha=4)
    torch.testing.assert_close(model(TOKENS), before, atol=0, rtol=0)
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    assert len(layers) == 8
    assert trained == {f"{name}.{part}" for name in layers for part in "AB"}
    sizes = {name: layer.A.numel() + layer.B.numel() for name, layer in layers.items()}
    assert sizes["blocks.0.mlp.up"] == 2 * (8 + 32)  # not square


def test_it_adds_the_product_scaled():
    model = gpt()
    weight = model.blocks[0].mlp.up.weight.detach().clone()
    layer = lora.adapt(model, r"blocks\.0\.mlp\.up", rank=2, alpha=6)["blocks.0.mlp.up"]
    tuned(model)
    x = torch.randn(3, 8, generator=torch.Generator().manual_seed(1))
    expected = x @ (weight + 6 / 2 * layer.B @ layer.A).T + layer.base.bias
    torch.testing.assert_close(layer(x), expected)


def test_every_linear_layer_can_be_adapted_the_head_too():
    config = GPTConfig(vocab_size=9, context=8, layers=1, heads=2, width=8, tied=False)
    model = GPT(config).eval()
    before = model(TOKENS)
    assert "head" in lora.adapt(model, ".*", rank=2, alpha=4)
    torch.testing.assert_close(model(TOKENS), before, atol=0, rtol=0)
    apart = tuned(model)(TOKENS)
    assert not torch.allclose(apart, before)
    lora.merge(model)
    torch.testing.assert_close(model(TOKENS), apart, atol=1e-5, rtol=0)
    lora.remove(model)
    torch.testing.assert_close(model(TOKENS), before, atol=1e-5, rtol=0)


def test_merging_changes_nothing_and_can_be_undone():
    model = gpt()
    before = copy.deepcopy(model.state_dict())
    lora.adapt(model, TARGETS, rank=2, alpha=4)
    tuned(model)
    apart = model(TOKENS)
    lora.merge(model)
    lora.merge(model)  # a second time is no second product
    torch.testing.assert_close(model(TOKENS), apart, atol=1e-5, rtol=0)
    lora.unmerge(model)
    torch.testing.assert_close(model(TOKENS), apart, atol=1e-5, rtol=0)
    for name, layer in lora.adapted(model).items():
        torch.testing.assert_close(layer.base.weight, before[f"{name}.weight"], atol=1e-6, rtol=0)


def test_the_gradient_reaches_the_product_alone():
    model = gpt()
    lora.adapt(model, TARGETS, rank=2, alpha=4)
    model(TOKENS).square().sum().backward()
    for name, p in model.named_parameters():
        assert (p.grad is not None) == (name.endswith((".A", ".B"))), name
    assert all(layer.B.grad.abs().max() > 0 for layer in lora.adapted(model).values())


def test_an_adapter_is_saved_alone_and_two_can_be_swapped(tmp_path):
    model, outputs = gpt(), []
    size = sum(p.numel() for p in model.parameters())
    for seed in (1, 2):
        copied = copy.deepcopy(model)
        lora.adapt(copied, TARGETS, rank=2, alpha=4, seed=seed)
        outputs.append(tuned(copied, seed)(TOKENS))
        lora.save(copied, tmp_path / str(seed))
    saved = load_file(tmp_path / "1" / lora.WEIGHTS)
    assert sum(t.numel() for t in saved.values()) < size / 2
    for i in (0, 1, 0):
        lora.load(model, tmp_path / str(i + 1))
        torch.testing.assert_close(model(TOKENS), outputs[i], atol=1e-6, rtol=0)
    lora.merge(model)
    lora.load(model, tmp_path / "2")  # what was merged goes first
    torch.testing.assert_close(model(TOKENS), outputs[1], atol=1e-5, rtol=0)


def test_peft_loads_what_we_save_and_we_what_peft_saves(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peft = pytest.importorskip("peft")
    ours = gpt()
    lora.adapt(ours, TARGETS, rank=2, alpha=4)
    tuned(ours)
    lora.save(ours, tmp_path / "ours")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = peft.PeftModel.from_pretrained(gpt(), tmp_path / "ours").eval()
        torch.testing.assert_close(theirs(TOKENS), ours(TOKENS), atol=1e-5, rtol=0)
        with torch.no_grad():
            for name, p in theirs.named_parameters():
                if "lora_B" in name:
                    p.mul_(-1.5)
        theirs.save_pretrained(tmp_path / "theirs")
    lora.load(ours, tmp_path / "theirs")
    torch.testing.assert_close(theirs(TOKENS), ours(TOKENS), atol=1e-5, rtol=0)


def test_what_cannot_be(tmp_path):
    model = gpt()
    with pytest.raises(ValueError, match=r"'query' matches no linear layer.*blocks\.0\.attention"):
        lora.adapt(model, "query", rank=2, alpha=4)
    with pytest.raises(ValueError, match="rank is 9; a layer of 8 to 24 takes 1 to 8"):
        lora.adapt(model, TARGETS, rank=9, alpha=4)
    with pytest.raises(ValueError, match="has no LoRA layer"):
        lora.merge(gpt())
    with pytest.raises(FileNotFoundError, match=r"no adapter_config\.json"):
        lora.load(gpt(), tmp_path)
    model = gpt()
    lora.adapt(model, TARGETS, rank=2, alpha=4)
    lora.save(model, tmp_path)
    narrow = GPT(GPTConfig(vocab_size=9, context=8, layers=2, heads=2, width=4))
    with pytest.raises(ValueError, match=r"lora_A of .* is \(2, 8\), expected \(2, 4\)"):
        lora.load(narrow, tmp_path)
    one = GPT(GPTConfig(vocab_size=9, context=8, layers=1, heads=2, width=8))
    with pytest.raises(ValueError, match=r"adapts blocks\.1\..*no such linear layer"):
        lora.load(one, tmp_path)
    save_file({"embedding.weight": torch.zeros(2)}, tmp_path / lora.WEIGHTS)
    with pytest.raises(ValueError, match=r"no LoRA adapter: it holds embedding\.weight"):
        lora.load(gpt(), tmp_path)
