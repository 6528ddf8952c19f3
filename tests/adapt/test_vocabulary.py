import pytest
import torch

from minillm.adapt.vocabulary import extend_vocabulary
from minillm.models.gpt import GPT, GPTConfig

SHAPE = dict(context=8, layers=2, heads=2, width=8)


@pytest.mark.parametrize("tied", [True, False])
def test_old_tokens_are_read_and_scored_as_before(tied):
    model = GPT(GPTConfig(vocab_size=10, tied=tied, **SHAPE), seed=1)
    larger = extend_vocabulary(model, 13)
    tokens = torch.randint(0, 10, (3, 8), generator=torch.Generator().manual_seed(0))
    before, after = model(tokens), larger(tokens)
    assert after.shape == (3, 8, 13)
    torch.testing.assert_close(after[..., :10], before)
    # a new token is as likely as a middling old one
    torch.testing.assert_close(after[..., 10:], before.mean(-1, keepdim=True).expand(3, 8, 3))
    assert larger.config.vocab_size == 13
    assert model.config.vocab_size == 10
    with torch.no_grad():
        larger.embedding.weight[:] = 0.0
    torch.testing.assert_close(model(tokens), before)  # nothing is shared


def test_words_can_only_be_added():
    model = GPT(GPTConfig(vocab_size=10, **SHAPE))
    with pytest.raises(ValueError, match="vocab_size is 9, and the model has 10"):
        extend_vocabulary(model, 9)
    assert extend_vocabulary(model.eval(), 10).training is False
