"""The references of lesson 02 against the package and its tokenizers."""

import math
import string
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from minillm import corpus, evaluate
from minillm.exercises.lesson02.best_pair import best_pair
from minillm.exercises.lesson02.bits_per_byte import bits_per_byte
from minillm.exercises.lesson02.decode import decode
from minillm.exercises.lesson02.encode import encode
from minillm.exercises.lesson02.merge import merge
from minillm.tokenizer import BPETokenizer, words
from minillm.tokenizer import merge as packages_merge

ENGLISH, CHINESE = (" ".join(said) for said in zip(*corpus.parallel(), strict=True))
STEPS = 60


def learnt():
    return BPETokenizer.train(CHINESE, vocab_size=256 + STEPS)


def test_best_pair_and_merge_in_a_loop_learn_what_the_package_learns():
    found = Counter(words(CHINESE))
    texts, counts = [list(word.encode()) for word in found], list(found.values())
    merges = []
    for i in range(STEPS):
        merges.append(best_pair(texts, counts))
        texts = [merge(ids, merges[-1], 256 + i) for ids in texts]
    assert tuple(merges) == learnt().merges


def test_encode_cuts_a_word_as_the_package_does():
    tokenizer = BPETokenizer.train(ENGLISH, vocab_size=500)
    for word in set(words(ENGLISH)):
        assert encode(list(word.encode()), list(tokenizer.merges)) == tokenizer.encode(word)


@given(st.lists(st.integers(0, 2), max_size=12))
def test_merge_is_the_packages(ids):
    assert merge(ids, (0, 1), 9) == packages_merge(ids, (0, 1), 9)
    assert merge(ids, (1, 1), 9) == packages_merge(ids, (1, 1), 9)


def test_decode_is_the_packages_also_for_pieces_of_characters():
    tokenizer = learnt()
    vocabulary = [tokenizer.token_bytes(i) for i in range(tokenizer.vocab_size)]
    ids = tokenizer.encode(CHINESE)
    assert decode(ids, vocabulary) == CHINESE
    assert decode([228, 189], vocabulary) == tokenizer.decode([228, 189]) == "\ufffd"


def test_bits_per_byte_is_the_packages():
    for text in ("ferry", "渡口", string.printable):
        size = len(text.encode())
        mine, theirs = (
            bits_per_byte(1.7, 3, text),
            evaluate.bits_per_byte(1.7, tokens=3, bytes=size),
        )
        assert math.isclose(mine, theirs)
