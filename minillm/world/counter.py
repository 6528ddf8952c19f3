"""The phrase books of the shop's counter: the town's own, and a few words and lines more.

The vocabulary is the town's with the new words after it. So the ids that a model has learnt from
stories mean what they did, and only new rows are added to its embedding.
"""

from functools import cached_property
from typing import ClassVar

from minillm.world.book import Book
from minillm.world.chinese import LINES as CHINESE
from minillm.world.chinese import NAMES, Chinese
from minillm.world.english import LINES as ENGLISH
from minillm.world.english import English
from minillm.world.town import PEOPLE


class Counter(Book):
    """What the phrase books of both languages add: roles, and the vocabulary's order."""

    town: type[Book]  # the book that this one adds to
    roles: ClassVar[dict[str, str]]  # by role: the word that is written
    colon: str

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """The tokens of the town, in the order of their ids, and then the new ones."""
        first = self.town().vocabulary
        return (*first, *sorted({*super().vocabulary, *self.roles.values()} - set(first)))


class EnglishCounter(Counter, English):
    """The shop's counter in English."""

    town = English
    roles: ClassVar = {"user": "customer", "assistant": "shop"}
    speakers: ClassVar = {*PEOPLE, *roles.values()}
    colon = ":"
    lines = ENGLISH | {
        # The book of orders.
        "orders.one": ("There is one order.",),
        "orders.many": ("There are {number} orders.",),
        "order.who": ("{who}:",),
        "order.place": ("{place:at},",),
        "order.what": ("{what:a} for",),
        "order.price": ("{price:coins}.",),
        # What customers say.
        "ask.where": ("Where is my {thing}?", "Tell me where my {thing} is."),
        "ask.colour": ("What colour is my {thing}?", "Tell me the colour of my {thing}."),
        "ask.price": ("What did my {thing} cost?", "How many coins was my {thing}?"),
        "ask.refund": ("I want a refund for my {thing}.", "Can I have a refund for my {thing}?"),
        "ask.where it": ("And where is it now?",),
        "ask.colour it": ("And what colour is it?",),
        "ask.price it": ("And what did it cost?",),
        "ask.refund it": ("I want a refund for it.",),
        "ask.thanks": ("Thank you!",),
        # The same in wordings that are kept for the test; no word in them is new.
        "reask.where": ("My {thing}, where is it?", "Have you lost my {thing}?"),
        "reask.colour": ("Which colour is my {thing}?", "My {thing}, what colour is it?"),
        "reask.price": ("Was my {thing} expensive?", "How many coins did my {thing} cost?"),
        "reask.refund": (
            "My {thing} is not what I want. I want a refund.",
            "I want my coins for the {thing} back.",
        ),
        "reask.where it": ("Tell me where it is.",),
        "reask.colour it": ("Tell me the colour of it.",),
        "reask.price it": ("Was it expensive?",),
        "reask.refund it": ("Can I have a refund for it?",),
        "reask.thanks": ("Thank you, goodbye!",),
        # What the shop says: one wording each, so that an answer is right or wrong.
        "answer.where": ("It is {place:at}.",),
        "answer.colour": ("It is {colour}.",),
        "answer.price": ("It cost {price:coins}.",),
        "answer.refund": ("{rest:coins} will go back to you.",),
        "answer.none": ("There is no such order.",),
        "answer.thanks": ("See you soon!",),
    }


class ChineseCounter(Counter, Chinese):
    """The shop's counter in Chinese (柜台)."""

    town = Chinese
    roles: ClassVar = {"user": "顾客", "assistant": "店员"}
    speakers: ClassVar = {*NAMES, *roles.values()}
    colon = "："
    lines = CHINESE | {
        "orders.one": ("只 有 一 个 订单。",),
        "orders.many": ("有 {number:count} 个 订单。",),
        "order.who": ("{who}：",),
        "order.place": ("在 {place}，",),
        "order.what": ("{what:a}，",),
        "order.price": ("{price:coins}。",),
        "ask.where": ("我 的 {thing} 在 哪里？", "请 告诉 我，我 的 {thing} 在 哪里。"),
        "ask.colour": (
            "我 的 {thing} 是 什么 颜色 的？",
            "请 告诉 我，我 的 {thing} 是 什么 颜色。",
        ),
        "ask.price": ("我 的 {thing} 花 了 多少 钱？", "买 {thing} 要 几 枚 金币？"),
        "ask.refund": ("我 要 退 {thing}。", "我 的 {thing} 能 退 吗？"),
        "ask.where it": ("它 现在 在 哪里？",),
        "ask.colour it": ("它 是 什么 颜色 的？",),
        "ask.price it": ("它 花 了 多少 钱？",),
        "ask.refund it": ("它 能 退 吗？",),
        "ask.thanks": ("谢谢 你！",),
        "reask.where": ("现在 我 的 {thing} 在 哪里？", "我 的 {thing} 丢 了 吗？"),
        "reask.colour": (
            "告诉 我，我 的 {thing} 是 什么 颜色。",
            "我 买 的 {thing}，颜色 是 什么？",
        ),
        "reask.price": ("我 的 {thing} 贵 不 贵？", "我 买 的 {thing} 要 几 枚 金币？"),
        "reask.refund": ("我 不 要 {thing} 了，退 钱 吧。", "我 的 {thing} 不 好，能 退 吗？"),
        "reask.where it": ("告诉 我 它 在 哪里。",),
        "reask.colour it": ("告诉 我 它 的 颜色。",),
        "reask.price it": ("它 贵 不 贵？",),
        "reask.refund it": ("退 钱 吧。",),
        "reask.thanks": ("谢谢，再见！",),
        "answer.where": ("它 在 {place}。",),
        "answer.colour": ("它 是 {colour} 的。",),
        "answer.price": ("花 了 {price:coins}。",),
        "answer.refund": ("退 你 {rest:coins}。",),
        "answer.none": ("没 有 这样 的 订单。",),
        "answer.thanks": ("回头见！",),
    }
