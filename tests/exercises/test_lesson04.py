"""The references of lesson 04 against torch and the package; and the program to be repaired."""

import itertools
import re
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from minillm.exercises.checker import examine
from minillm.exercises.lesson04 import repair
from minillm.exercises.lesson04.block import block
from minillm.exercises.lesson04.layer_norm import layer_norm
from minillm.exercises.lesson04.mask import mask
from minillm.exercises.lesson04.sinusoids import sinusoids
from minillm.models import layers
from minillm.models.attention import causal_mask
from minillm.models.gpt import GPT, GPTConfig

LESSON = Path(__file__).parents[2] / "lessons" / "04_transformer.md"
# What mends each planted fault: old lines, new lines.
MENDED = {
    "depth_for_heads": [
        ("TransformerEncoderLayer(width, layers", "TransformerEncoderLayer(width, heads"),
        ("in range(heads)", "in range(layers)"),
    ],
    "no_position": [
        ("nn.Sequential(nn.Dropout(0.1), nn.LayerNorm(width))", "nn.Embedding(context, width)"),
        (
            "self.position(self.embedding(ids))",
            "self.embedding(ids) + self.position(torch.arange(ids.shape[1]))",
        ),
    ],
    "no_mask": [
        (
            "x = block(x)",
            "x = block(x, src_mask=nn.Transformer.generate_square_subsequent_mask(x.shape[1]))",
        )
    ],
    "gradients_kept": [
        ("    optimizer.zero_grad()\n", ""),
        ("loss.backward()", "optimizer.zero_grad()\n        loss.backward()"),
    ],
    "averaged_twice": [("loss = loss / targets.numel()", "pass")],
}


@pytest.fixture(scope="module")
def program():
    """The cell that the lesson plants its faults in."""
    cells = re.findall(r"```\{code-cell\} ipython3\n(.*?)```", LESSON.read_text("utf-8"), re.S)
    (cell,) = [cell for cell in cells if '"transformer.repair"' in cell]
    return cell.partition("\n\ncheck(")[0]


def mend(program, *faults):
    for old, new in itertools.chain.from_iterable(MENDED[fault] for fault in faults):
        assert program.count(old) == 1, old
        program = program.replace(old, new)
    return program


def handed_over(program):
    namespace = {"torch": torch, "nn": nn, "F": F}
    exec(program, namespace)
    return namespace["handed_over"]


def verdict(program):
    report = examine(handed_over(program), repair.repaired)
    return report.mistake or report.verdict


def test_the_untouched_program_has_its_first_fault_named(program):
    assert verdict(program) == "depth_for_heads"


def test_whoever_mends_what_is_named_ends_with_a_sound_program(program):
    mended, named = [], verdict(program)
    while named != "right":
        mended.append(named)
        named = verdict(mend(program, *mended))
    assert mended == list(MENDED)


@pytest.mark.parametrize("left", MENDED)
def test_the_probes_find_of_each_fault_what_the_checker_expects(program, left):
    probe_it = handed_over(mend(program, *(fault for fault in MENDED if fault != left)))
    for (probe,) in repair.repaired.cases():
        expected = repair.FOUND[left].get(probe, repair.repaired(probe))
        assert probe_it(probe) == pytest.approx(expected, rel=1e-3), probe.__name__


@pytest.mark.parametrize(
    ("fault", "name", "old", "new"),
    [
        ("no_mask", "reads_the_next", "block(x)", "block(x, src_mask=see.triu(2))"),
        ("no_mask", "reads_not_itself", "block(x)", "block(x, src_mask=see.triu())"),
        ("no_mask", "mask_upside_down", "block(x)", "block(x, src_mask=see.tril())"),
        ("no_mask", "mask_upside_down", "block(x)", "block(x, src_mask=see.tril(-1))"),
        (
            "gradients_kept",
            "gradients_erased",
            "loss.backward()",
            "loss.backward(); optimizer.zero_grad()",
        ),
        ("averaged_twice", "averaged_twice", "targets.numel()", "len(batches)"),
        ("averaged_twice", "added_up", "loss / targets.numel()", "loss * targets.numel()"),
    ],
)
def test_a_repair_that_puts_another_fault_in_is_named(program, fault, name, old, new):
    rest = [other for other in MENDED if other != fault]
    see = "see = torch.ones(ids.shape[1], ids.shape[1], dtype=torch.bool)\n"
    wrong = mend(program, *rest).replace(old, new)
    wrong = wrong.replace("        for block in", f"        {see}        for block in")
    assert verdict(wrong) == name
    wrong = mend(program, *rest[: list(MENDED).index(fault)]).replace(old, new)
    wrong = wrong.replace("        for block in", f"        {see}        for block in")
    assert verdict(wrong) == name  # with the later faults still there


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("nn.Embedding(context, width)\n", "nn.Parameter(torch.zeros(context, width))\n"),
        ("optimizer.step()", "optimizer.step(); optimizer.zero_grad()"),
        (
            "generate_square_subsequent_mask(x.shape[1])",
            "generate_square_subsequent_mask(len(x[0]))",
        ),
        ("torch.optim.AdamW", "torch.optim.Adam"),
        ("loss.item()", "loss.detach()"),
    ],
)
def test_unusual_repairs_are_right(program, old, new):
    sound = mend(program, *MENDED)
    assert old in sound
    sound = sound.replace(old, new)
    if "zeros(context" in new:
        sound = sound.replace(
            "self.position(torch.arange(ids.shape[1]))", "self.position[: ids.shape[1]]"
        )
    assert verdict(sound) == "right"


def test_sinusoids_are_the_packages():
    torch.testing.assert_close(sinusoids(30, 12), layers.sinusoids(30, 12))


def test_layer_norm_is_torchs():
    g = torch.Generator().manual_seed(2)
    x, gain, bias = (torch.randn(shape, generator=g) for shape in [(2, 5, 7), (7,), (7,)])
    torch.testing.assert_close(
        layer_norm(x, gain, bias, 0.1), F.layer_norm(x, (7,), gain, bias, 0.1)
    )


def test_block_is_the_packages():
    config = GPTConfig(vocab_size=5, context=8, layers=1, heads=2, width=8)
    ours, g = GPT(config).blocks[0], torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in ours.parameters():
            p.normal_(0, 0.5, generator=g)
    x = torch.randn(6, 8, generator=g)
    mine = block(
        x,
        lambda x: ours.attention(x[None], None)[0],
        ours.mlp,
        ours.attention_norm,
        ours.mlp_norm,
    )
    torch.testing.assert_close(mine, ours(x[None], None)[0])


def test_mask_without_a_source_is_causal_and_without_a_target_hides_nothing():
    assert torch.equal(mask(0, 5), causal_mask(5))
    assert mask(5, 0).all()
