"""Generation with a KV cache beside Hugging Face's `generate`: batch 1, on the CPU."""

import torch
from table import Row, alternate

from minillm import generate
from minillm.models.gpt import GPT, GPTConfig

SHAPES = {
    "4 layers, 128 wide": dict(vocab_size=65, context=256, layers=4, heads=4, width=128),
    "6 layers, 384 wide": dict(vocab_size=65, context=256, layers=6, heads=6, width=384),
}
COUNT = 128


def rows() -> list[Row]:
    from transformers import GPT2Config, GPT2LMHeadModel

    out = []
    for name, shape in SHAPES.items():
        config = GPTConfig(**shape)
        ours = GPT(config).eval()
        peer = GPT2LMHeadModel(
            GPT2Config(
                vocab_size=config.vocab_size,
                n_positions=config.context,
                n_layer=config.layers,
                n_head=config.heads,
                n_embd=config.width,
                bos_token_id=0,
                eos_token_id=None,
                pad_token_id=0,
            )
        ).eval()
        prompt = torch.arange(32)[None]

        def we(ours=ours):
            written = list(generate.tokens(ours, range(32), count=COUNT, temperature=0))
            assert len(written) == COUNT

        def they(peer=peer, prompt=prompt):
            with torch.inference_mode():
                mask = torch.ones_like(prompt)
                written = peer.generate(
                    prompt,
                    attention_mask=mask,
                    max_new_tokens=COUNT,
                    do_sample=False,
                    use_cache=True,
                )
            assert written.shape[1] == 32 + COUNT

        ours_s, peer_s = alternate(we, they, rounds=5)
        out.append(
            Row(
                f"generation with cache, {name}",
                f"{COUNT / ours_s:,.0f} tokens/s",
                f"generate {COUNT / peer_s:,.0f}",
                peer_s / ours_s,
                2,
            )
        )
    return out
