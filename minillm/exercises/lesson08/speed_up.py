"""Lesson 08: what many devices gain, and what talking costs."""

from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise


def _costs(generator: torch.Generator) -> Iterator[tuple]:
    yield 10.0, 4e9, 4, 0.5, 1e9
    yield 1.0, 1e8, 2, 0.0, 1e9
    yield 1.0, 0.0, 8, 0.01, 1e9
    yield 0.05, 3.2e6, 16, 2e-4, 1.5e9
    yield 400.0, 1.4e10, 1024, 1e-5, 5e10
    yield 2.0, 1e9, 1, 0.1, 1e9  # alone, nothing is sent


@exercise("devices.speed_up", lesson="08", inputs=_costs)
def speed_up(seconds: float, bytes: float, ranks: int, latency: float, bandwidth: float) -> float:
    """How many times faster N ranks do a step than one: its time alone / its time together.

    One device computes for `seconds`; N share that evenly, and then all-reduce the gradient round
    the ring: 2 (N - 1) messages one after the other, each of bytes / N. A message takes `latency`
    seconds, plus its size divided by the bandwidth (bytes a second).
    """
    messages = 2 * (ranks - 1)
    together = seconds / ranks + messages * (latency + bytes / ranks / bandwidth)
    return seconds / together


def _together(seconds, ranks, sending):
    return seconds / (seconds / ranks + sending)


@speed_up.mistake
def latency_once(seconds, bytes, ranks, latency, bandwidth):
    """One latency for all messages."""
    sent = 2 * (ranks - 1) * bytes / ranks / bandwidth
    return _together(seconds, ranks, sent + (latency if ranks > 1 else 0))


@speed_up.mistake
def once_round(seconds, bytes, ranks, latency, bandwidth):
    """N - 1 messages: adding up, without handing round."""
    return _together(seconds, ranks, (ranks - 1) * (latency + bytes / ranks / bandwidth))


@speed_up.mistake
def whole_each_time(seconds, bytes, ranks, latency, bandwidth):
    """Every message carries the whole gradient."""
    return _together(seconds, ranks, 2 * (ranks - 1) * (latency + bytes / bandwidth))


@speed_up.mistake
def one_message_more(seconds, bytes, ranks, latency, bandwidth):
    """2 N messages, also where there is nobody to send to."""
    return _together(seconds, ranks, 2 * ranks * (latency + bytes / ranks / bandwidth))


@speed_up.mistake
def nothing_sent(seconds, bytes, ranks, latency, bandwidth):
    """N devices, N times as fast."""
    return float(ranks)


@speed_up.mistake
def work_not_shared(seconds, bytes, ranks, latency, bandwidth):
    """Every rank computes the whole batch."""
    sent = 2 * (ranks - 1) * (latency + bytes / ranks / bandwidth)
    return seconds / (seconds + sent)


@speed_up.mistake
def turned_round(seconds, bytes, ranks, latency, bandwidth):
    """Time together / time alone."""
    return 1 / speed_up(seconds, bytes, ranks, latency, bandwidth)


@speed_up.mistake
def share_of_ideal(seconds, bytes, ranks, latency, bandwidth):
    """The efficiency: speed-up / N."""
    return speed_up(seconds, bytes, ranks, latency, bandwidth) / ranks


@speed_up.mistake
def time_returned(seconds, bytes, ranks, latency, bandwidth):
    """The time of a step."""
    return seconds / speed_up(seconds, bytes, ranks, latency, bandwidth)


@speed_up.mistake
def bytes_once(seconds, bytes, ranks, latency, bandwidth):
    """All messages' latency, and the gradient once."""
    return _together(seconds, ranks, 2 * (ranks - 1) * latency + bytes / bandwidth)


@speed_up.mistake
def times_bandwidth(seconds, bytes, ranks, latency, bandwidth):
    """Multiplies by the bandwidth."""
    return _together(seconds, ranks, 2 * (ranks - 1) * (latency + bytes / ranks * bandwidth))


@speed_up.mistake
def talk_shared(seconds, bytes, ranks, latency, bandwidth):
    """Divides the time of sending by N as well."""
    sent = 2 * (ranks - 1) * (latency + bytes / ranks / bandwidth)
    return _together(seconds, ranks, sent / ranks)


@speed_up.mistake
def latency_forgotten(seconds, bytes, ranks, latency, bandwidth):
    """The bytes alone."""
    return speed_up(seconds, bytes, ranks, 0, bandwidth)


@speed_up.mistake
def latency_cut(seconds, bytes, ranks, latency, bandwidth):
    """A message takes 1/N of the latency too."""
    return speed_up(seconds, bytes, ranks, latency / ranks, bandwidth)


@speed_up.mistake
def one_chunk(seconds, bytes, ranks, latency, bandwidth):
    """All messages' latency, and the bytes of one message."""
    return _together(seconds, ranks, 2 * (ranks - 1) * latency + bytes / ranks / bandwidth)
