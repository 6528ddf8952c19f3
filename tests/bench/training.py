"""Training speed beside Hugging Face's GPT-2 of the same shape, on the CPU."""

import torch
import torch.nn.functional as F
from table import Row, alternate

from minillm.models.gpt import GPT, GPTConfig

SHAPES = {
    "nano: 4 layers, 128 wide, 12 x 64 tokens": (
        dict(vocab_size=65, context=64, layers=4, heads=4, width=128),
        12,
    ),
    "small: 6 layers, 384 wide, 4 x 256 tokens": (
        dict(vocab_size=65, context=256, layers=6, heads=6, width=384),
        4,
    ),
}


def rows() -> list[Row]:
    from transformers import GPT2Config, GPT2LMHeadModel

    out = []
    for name, (shape, batch) in SHAPES.items():
        config = GPTConfig(**shape)
        ours = GPT(config)
        peer = GPT2LMHeadModel(
            GPT2Config(
                vocab_size=config.vocab_size,
                n_positions=config.context,
                n_layer=config.layers,
                n_head=config.heads,
                n_embd=config.width,
                resid_pdrop=0.0,
                embd_pdrop=0.0,
                attn_pdrop=0.0,
                bos_token_id=0,
                eos_token_id=0,
                use_cache=False,
            )
        ).train()
        assert sum(p.numel() for p in ours.parameters()) == sum(
            p.numel() for p in peer.parameters()
        )
        generator = torch.Generator().manual_seed(0)
        text = torch.randint(65, (batch, config.context + 1), generator=generator)
        optimizers = [torch.optim.AdamW(m.parameters(), fused=True) for m in (ours, peer)]

        def our_step(text=text, ours=ours, optimizer=optimizers[0]):
            loss = F.cross_entropy(ours(text[:, :-1]).flatten(0, 1), text[:, 1:].flatten())
            _learn(loss, optimizer)

        def peer_step(text=text, peer=peer, optimizer=optimizers[1]):
            # The model shifts the labels itself, so it gets the same number of predictions.
            _learn(peer(input_ids=text[:, :-1], labels=text[:, :-1]).loss, optimizer)

        we, they = alternate(our_step, peer_step, rounds=25)
        tokens = batch * config.context
        out.append(
            Row(
                f"training, {name}",
                f"{tokens / we:,.0f} tokens/s",
                f"GPT2LMHeadModel {tokens / they:,.0f}",
                they / we,
                1.2,
            )
        )
    return out


def _learn(loss: torch.Tensor, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
