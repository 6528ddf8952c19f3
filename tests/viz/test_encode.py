"""The bytes: how exact, how small, and the same back."""

import zlib

import numpy as np

from minillm.viz import encode
from minillm.viz.palette import ramp


def lowest_triangle(T: int) -> np.ndarray:
    return np.tril(np.ones((T, T), dtype=bool))


def test_every_code_decodes_to_itself():
    codes = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(encode.encode(encode.decode(codes)), codes)


def test_the_square_root_keeps_the_mass_of_long_rows():
    rows = np.random.default_rng(0).dirichlet(np.full(512, 0.5), size=64)
    kept = encode.decode(encode.encode(rows)).sum(-1)
    linear = np.round(rows * 255).sum(-1) / 255
    assert np.abs(kept - 1).max() < 0.01
    assert np.abs(linear - 1).max() > 0.05  # what it is better than


def test_causal_weights_are_known_by_their_zeros():
    weights = np.random.default_rng(0).random((2, 3, 4, 4)) * lowest_triangle(4)
    assert encode.is_causal(weights)
    weights[1, 2, 0, 3] = 0.1
    assert not encode.is_causal(weights)
    assert not encode.is_causal(np.ones((1, 1, 1, 1)))
    assert not encode.is_causal(np.ones((1, 1, 2, 3)))


def test_rows_of_all_heads_lie_together_and_causal_rows_stop():
    codes = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    assert list(encode.interleave(codes, causal=True)) == [0, 9, 3, 4, 12, 13, 6, 7, 8, 15, 16, 17]
    assert len(encode.interleave(codes, causal=False)) == codes.size


def test_pooling_keeps_the_largest_of_each_block():
    codes = np.random.default_rng(0).integers(0, 255, size=(2, 7, 10), dtype=np.uint8)
    pooled = encode.pool(codes, 3, 4)
    assert pooled.shape == (2, 3, 4)
    for i in range(3):
        for j in range(4):
            block = codes[:, i * 7 // 3 : (i + 1) * 7 // 3, j * 10 // 4 : (j + 1) * 10 // 4]
            np.testing.assert_array_equal(pooled[:, i, j], block.max((1, 2)))
    np.testing.assert_array_equal(encode.pool(codes, 64, 64), codes)


def test_deflate_takes_the_smaller_stream():
    noise = np.random.default_rng(0).integers(0, 40, size=20_000, dtype=np.uint8).tobytes()
    packed = encode.deflate(noise)
    assert zlib.decompress(packed) == noise
    assert len(packed) < len(zlib.compress(noise, 9))


def test_lightness_rises_or_falls_steadily_along_the_maps():
    for theme, direction in (("light", -1), ("dark", 1)):
        grey = ramp("weights", theme) @ [0.2126, 0.7152, 0.0722]
        assert (np.diff(grey) * direction >= -0.75).all()
        signed = ramp("signed", theme) @ [0.2126, 0.7152, 0.0722]
        assert (np.diff(signed[:127]) * direction <= 0.75).all()
        assert (np.diff(signed[128:]) * direction >= -0.75).all()
