"""What a client may ask for, checked: the completions request in the OpenAI shape. Lesson 09."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from minillm.generate import Sampling
from minillm.tokenizer import Tokenizer

LARGEST = 1_000_000  # bytes of a request


class Refused(Exception):
    """A request that is not served: HTTP status, and the error that the client gets."""

    def __init__(
        self, status: int, message: str, *, param: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        kind = {429: "rate_limit_error", 500: "server_error", 503: "server_error"}
        self.status = status
        self.body = {
            "error": {
                "message": message,
                "type": kind.get(status, "invalid_request_error"),
                "param": param,
                "code": code,
            }
        }


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A completion that can be written."""

    prompt: list[int]  # as the model reads it, with the end token before it where there is one
    text: str  # the prompt as it came
    count: int  # tokens at most
    sampling: Sampling
    seed: int | None
    stop: list[str] = field(default_factory=list)
    stream: bool = False
    usage: bool = False  # a stream ends with the numbers of tokens


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


# name: (what is accepted, in words, what it is without it)
FIELDS: dict[str, tuple[Callable[[Any], bool], str, Any]] = {
    "model": (lambda v: isinstance(v, str), "the name of the model, a text", None),
    "prompt": (
        lambda v: isinstance(v, str) or (_texts(v) and len(v) == 1),
        "one text; several prompts are several requests",
        None,
    ),
    "max_tokens": (lambda v: _whole(v) and v >= 1, "a whole number of at least 1", 16),
    "temperature": (lambda v: _number(v) and 0 <= v <= 2, "a number from 0 to 2", 1.0),
    "top_p": (lambda v: _number(v) and 0 < v <= 1, "a number above 0 and at most 1", 1.0),
    "top_k": (lambda v: _whole(v) and v >= 1, "a whole number of at least 1", None),
    "repetition_penalty": (lambda v: _number(v) and 0 < v <= 10, "above 0, at most 10", 1.0),
    "stop": (
        lambda v: (v and isinstance(v, str)) or (_texts(v) and len(v) <= 4 and all(v)),
        "a text, or up to 4 texts, none of them empty",
        [],
    ),
    "seed": (lambda v: _whole(v) and abs(v) < 2**63, "a whole number", None),
    "stream": (lambda v: isinstance(v, bool), "true or false", False),
    "stream_options": (
        lambda v: isinstance(v, dict) and isinstance(v.get("include_usage", False), bool),
        '{"include_usage": true or false}',
        {},
    ),
    "user": (lambda v: isinstance(v, str), "a text", ""),
    # known, but only as what they are without being said
    "n": (lambda v: _whole(v) and v == 1, "1; several completions are several requests", 1),
    "best_of": (lambda v: _whole(v) and v == 1, "1", 1),
    "echo": (lambda v: v is False, "false", False),
    "frequency_penalty": (lambda v: _number(v) and v == 0, "0; use repetition_penalty", 0),
    "presence_penalty": (lambda v: _number(v) and v == 0, "0; use repetition_penalty", 0),
    "logprobs": (lambda v: False, "nothing: it is not served", None),
    "suffix": (lambda v: v == "", "nothing: it is not served", ""),
    "logit_bias": (lambda v: v == {}, "nothing: it is not served", {}),
}


def parse(body: bytes, model: str, tokenizer: Tokenizer, context: int) -> Asked:
    """A request's body as what to write; raises Refused, saying what is wrong with it."""
    given = _fields(body)
    for name in ("model", "prompt"):
        if name not in given:
            raise Refused(400, f"{name} is missing.", param=name)
    if given["model"] != model:
        raise Refused(
            404,
            f"There is no model {given['model']!r} here; this service has {model!r}.",
            param="model",
            code="model_not_found",
        )
    values = {name: given.get(name, default) for name, (_, _, default) in FIELDS.items()}
    text = values["prompt"] if isinstance(values["prompt"], str) else values["prompt"][0]
    stop = [values["stop"]] if isinstance(values["stop"], str) else values["stop"]
    names = ("temperature", "top_p", "top_k", "repetition_penalty")
    return Asked(
        prompt=_prompt(text, values["max_tokens"], tokenizer, context),
        text=text,
        count=values["max_tokens"],
        sampling=Sampling(**{name: values[name] for name in names}),
        seed=values["seed"],
        stop=stop,
        stream=values["stream"],
        usage=values["stream_options"].get("include_usage", False),
    )


def _fields(body: bytes) -> dict[str, Any]:
    """The fields that were given, each known and of the right kind; null means not given."""
    if len(body) > LARGEST:
        raise Refused(413, f"The request has {len(body):,} bytes; {LARGEST:,} are read at most.")
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"The body is not JSON: {error}.") from None
    if not isinstance(given, dict):
        raise Refused(400, f"The body is {type(given).__name__}; expected a JSON object.")
    given = {name: value for name, value in given.items() if value is not None}
    for name, value in given.items():
        if name not in FIELDS:
            raise Refused(400, f"There is no parameter {name!r}.", param=name)
        accepted, words, _ = FIELDS[name]
        if not accepted(value):
            raise Refused(400, f"{name} is {value!r:.80}; expected {words}.", param=name)
    return given


def _prompt(text: str, count: int, tokenizer: Tokenizer, context: int) -> list[int]:
    try:
        ids = tokenizer.encode(text)
    except ValueError as error:
        raise Refused(400, str(error), param="prompt") from None
    if tokenizer.end is not None:
        ids = [tokenizer.end, *ids]
    if not ids:
        raise Refused(400, "The prompt is empty; give at least one token.", param="prompt")
    if len(ids) + count > context:
        raise Refused(
            400,
            f"The prompt has {len(ids)} tokens and {count} more are asked for; "
            f"this model reads {context} at once. Shorten the prompt or lower max_tokens.",
            param="max_tokens" if len(ids) < context else "prompt",
            code="context_length_exceeded",
        )
    return ids
