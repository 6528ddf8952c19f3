"""What Hugging Face's folders call the weights and settings of BERT and GPT-2. Lesson 10."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from minillm.models.bert import BertConfig
from minillm.models.gpt import GPTConfig


@dataclass(frozen=True)
class Weight:
    """One tensor of ours, and what it is in their file: one tensor, or several above each other."""

    ours: str
    theirs: tuple[str, ...]
    turned: bool = False  # GPT-2 keeps its matrices as (in, out)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How one kind of model is kept in a file."""

    config: Callable[[dict], Any]  # their config.json to our config; ValueError where ours cannot
    settings: Callable[[Any], dict]  # and back
    weights: Callable[[Any], Iterator[Weight]]
    prefix: str  # before the encoder's names, in files of models that have a head
    computed: re.Pattern  # entries that are no weights: positions and masks, which code makes
    shared: dict[str, str]  # copies that some files hold, and what they must be equal to


def _pair(ours: str, *theirs: str, turned: bool = False) -> Iterator[Weight]:
    for kind in ("weight", "bias"):
        names = tuple(f"{name}.{kind}" for name in theirs)
        yield Weight(f"{ours}.{kind}", names, turned and kind == "weight")


def _bert_weights(c: BertConfig) -> Iterator[Weight]:
    tables = {"embedding": "word", "position": "position", "segment": "token_type"}
    for ours, theirs in tables.items():
        yield Weight(f"{ours}.weight", (f"embeddings.{theirs}_embeddings.weight",))
    yield from _pair("norm", "embeddings.LayerNorm")
    for i in range(c.layers):
        us, them = f"blocks.{i}", f"encoder.layer.{i}"
        qkv = (f"{them}.attention.self.{name}" for name in ("query", "key", "value"))
        yield from _pair(f"{us}.attention.qkv", *qkv)
        yield from _pair(f"{us}.attention.output", f"{them}.attention.output.dense")
        yield from _pair(f"{us}.attention_norm", f"{them}.attention.output.LayerNorm")
        yield from _pair(f"{us}.mlp.up", f"{them}.intermediate.dense")
        yield from _pair(f"{us}.mlp.down", f"{them}.output.dense")
        yield from _pair(f"{us}.mlp_norm", f"{them}.output.LayerNorm")
    if c.pooler:
        yield from _pair("pooler", "pooler.dense")


def masked_weights() -> Iterator[Weight]:
    """The masked-language-model head, which stands beside the encoder in the file."""
    yield from _pair("transform", "cls.predictions.transform.dense")
    yield from _pair("norm", "cls.predictions.transform.LayerNorm")
    yield Weight("bias", ("cls.predictions.bias",))


def _gpt2_weights(c: GPTConfig) -> Iterator[Weight]:
    yield Weight("embedding.weight", ("wte.weight",))
    yield Weight("position.weight", ("wpe.weight",))
    for i in range(c.layers):
        us, them = f"blocks.{i}", f"h.{i}"
        yield from _pair(f"{us}.attention_norm", f"{them}.ln_1")
        yield from _pair(f"{us}.attention.qkv", f"{them}.attn.c_attn", turned=True)
        yield from _pair(f"{us}.attention.output", f"{them}.attn.c_proj", turned=True)
        yield from _pair(f"{us}.mlp_norm", f"{them}.ln_2")
        yield from _pair(f"{us}.mlp.up", f"{them}.mlp.c_fc", turned=True)
        yield from _pair(f"{us}.mlp.down", f"{them}.mlp.c_proj", turned=True)
    yield from _pair("norm", "ln_f")


def _insist(settings: dict, expected: dict) -> None:
    """Refuse a setting that our model does not have; what is not named has its usual value."""
    for name, value in expected.items():
        if settings.get(name, value) != value:
            raise ValueError(
                f"Its {name} is {settings[name]!r}; minillm's model has {value!r} alone."
            )


def _bert_config(s: dict) -> BertConfig:
    usual = {"hidden_act": "gelu", "layer_norm_eps": 1e-12, "position_embedding_type": "absolute"}
    fixed = {"intermediate_size": 4 * s["hidden_size"], "is_decoder": False}
    _insist(s, usual | fixed | {"tie_word_embeddings": True})
    return BertConfig(
        vocab_size=s["vocab_size"],
        context=s["max_position_embeddings"],
        layers=s["num_hidden_layers"],
        heads=s["num_attention_heads"],
        width=s["hidden_size"],
        segments=s["type_vocab_size"],
        dropout=s.get("hidden_dropout_prob", 0.1),
    )


def _bert_settings(c: BertConfig) -> dict:
    return {
        "model_type": "bert",
        "vocab_size": c.vocab_size,
        "max_position_embeddings": c.context,
        "num_hidden_layers": c.layers,
        "num_attention_heads": c.heads,
        "hidden_size": c.width,
        "intermediate_size": 4 * c.width,
        "type_vocab_size": c.segments,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "hidden_dropout_prob": c.dropout,
        "attention_probs_dropout_prob": c.dropout,
    }


def _gpt2_config(s: dict) -> GPTConfig:
    usual = {"activation_function": "gelu_new", "layer_norm_epsilon": 1e-5}
    scale = {"scale_attn_weights": True, "scale_attn_by_inverse_layer_idx": False}
    _insist(s, usual | scale | {"add_cross_attention": False, "tie_word_embeddings": True})
    if s.get("n_inner") not in (None, 4 * s["n_embd"]):
        raise ValueError(f"Its n_inner is {s['n_inner']}; minillm's is 4 x n_embd.")
    return GPTConfig(
        vocab_size=s["vocab_size"],
        context=s["n_positions"],
        layers=s["n_layer"],
        heads=s["n_head"],
        width=s["n_embd"],
        dropout=s.get("resid_pdrop", 0.1),
    )


def _gpt2_settings(c: GPTConfig) -> dict:
    plain = GPTConfig(
        vocab_size=c.vocab_size, context=c.context, layers=c.layers, heads=c.heads, width=c.width
    )
    for name in ("position", "norm", "norm_place", "mlp", "qk_norm", "bias", "tied"):
        if getattr(c, name) != getattr(plain, name):
            raise ValueError(
                f"{name} is {getattr(c, name)!r}; GPT-2's layout knows {getattr(plain, name)!r} "
                "alone. Save this model with training.save_model."
            )
    return {
        "model_type": "gpt2",
        "vocab_size": c.vocab_size,
        "n_positions": c.context,
        "n_layer": c.layers,
        "n_head": c.heads,
        "n_embd": c.width,
        "activation_function": "gelu_new",
        "layer_norm_epsilon": 1e-5,
        **dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), c.dropout),
    }


LAYOUTS = {
    "bert": Layout(
        config=_bert_config,
        settings=_bert_settings,
        weights=_bert_weights,
        prefix="bert.",
        computed=re.compile(r"embeddings\.position_ids"),
        shared={
            "cls.predictions.decoder.weight": "embeddings.word_embeddings.weight",
            "cls.predictions.decoder.bias": "cls.predictions.bias",
        },
    ),
    "gpt2": Layout(
        config=_gpt2_config,
        settings=_gpt2_settings,
        weights=_gpt2_weights,
        prefix="transformer.",
        computed=re.compile(r"h\.\d+\.attn\.(masked_)?bias"),
        shared={"lm_head.weight": "wte.weight"},
    ),
}
