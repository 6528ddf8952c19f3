"""Byte-pair encoding on the standard library's source, beside the `tokenizers` library."""

from table import Row, seconds

from minillm import corpus
from minillm.tokenizer import BPETokenizer

MERGES = 4096


def rows() -> list[Row]:
    from tokenizers import Tokenizer
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import ByteLevel
    from tokenizers.trainers import BpeTrainer

    text = corpus.stdlib(5_000_000)
    megabytes = len(text.encode()) / 1e6

    peer = Tokenizer(BPE())
    peer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    trainer = BpeTrainer(
        vocab_size=256 + MERGES, initial_alphabet=ByteLevel.alphabet(), show_progress=False
    )
    peer_learns = seconds(lambda: peer.train_from_iterator([text], trainer))
    ours = []
    we_learn = seconds(lambda: ours.append(BPETokenizer.train(text, vocab_size=256 + MERGES)))
    assert ours[0].vocab_size == 256 + MERGES
    ours[0].encode(text)  # warm up
    we_encode = megabytes / seconds(lambda: ours[0].encode(text))
    peer_encodes = megabytes / seconds(lambda: peer.encode(text))
    size = f"{megabytes:.0f} MB"
    return [
        Row(
            f"BPE, {MERGES} merges from {size}: against 20 s",
            f"{we_learn:.1f} s",
            "allowed 20 s",
            20 / we_learn,
            1,
        ),
        Row(
            "  the same, against tokenizers (Rust)",
            f"{we_learn:.1f} s",
            f"{peer_learns:.1f} s",
            peer_learns / we_learn,
        ),
        Row(
            "BPE, encoding, warm: against 1 MB/s",
            f"{we_encode:.1f} MB/s",
            "asked 1 MB/s",
            we_encode,
            1,
        ),
        Row(
            "  the same, against tokenizers (Rust)",
            f"{we_encode:.1f} MB/s",
            f"{peer_encodes:.1f} MB/s",
            we_encode / peer_encodes,
        ),
    ]
