import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from minillm import cost
from minillm.models.gpt import GPT, GPTConfig


@pytest.mark.parametrize("mlp", ["gelu", "swiglu"])
@pytest.mark.parametrize("tied", [True, False])
def test_flops_agree_with_torchs_counter(tied, mlp):
    model = GPT(
        GPTConfig(vocab_size=50, context=32, layers=3, heads=2, width=24, tied=tied, mlp=mlp)
    )
    # The readable path, so that the counter sees each product of the attention.
    for block in model.blocks:
        block.attention.weights.register_forward_hook(lambda module, args, out: out)
    tokens = torch.zeros(2, 32, dtype=torch.int64)
    with FlopCounterMode(display=False) as counter:
        loss = model(tokens).sum()
        forward = counter.get_total_flops()
        loss.backward()
    predicted = cost.flops_per_token(model)
    assert forward == predicted.forward * 64
    assert counter.get_total_flops() == predicted.training * 64


def test_parameters_of_gpt2_small():
    with torch.device("meta"):
        model = GPT(GPTConfig(vocab_size=50257, context=1024, layers=12, heads=12, width=768))
    assert cost.parameters(model) == 124_439_808
