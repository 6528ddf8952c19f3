"""Byte-level byte pair encoding: learn which pieces a text is made of. Lesson 02."""

import operator
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise

import regex

from minillm.tokenizer.base import Tokenizer, checked, utf8

Pair = tuple[int, int]

_EDGE = -1  # stands where there is no token: between two words, or where a joined token was
_CACHED_WORDS = 1 << 16  # encoded words that a BPE tokenizer remembers

# How GPT-2 cuts text into words before BPE, so that no token reaches across two of them.
# A word takes the one space before it along.
_WORD = regex.compile(
    r"'(?:[sdmt]|ll|ve|re)"  # English endings: it's, they'll
    r"| ?\p{L}+"  # letters of any script
    r"| ?\p{N}+"  # digits
    r"| ?[^\s\p{L}\p{N}]+"  # punctuation, symbols, emoji
    r"|\s+(?!\S)"  # a run of space, but its last character is left to the word that follows
    r"|\s+"
)


class BPETokenizer(Tokenizer):
    """Byte-level byte pair encoding (Sennrich 2016, arXiv 1508.07909; as in GPT-2). Lesson 02.

    Ids 0..255 are bytes, merge i makes id 256 + i, special tokens come last. No text encodes to a
    special token, so a reader's text cannot forge one: code adds it, by `specials[name]`.

    >>> bpe = BPETokenizer.train("low lower lowest", vocab_size=259, specials=["<|end|>"])
    >>> [bpe.token_bytes(i) for i in bpe.encode("slow")]
    [b's', b'low']
    >>> bpe.decode(bpe.encode("low") + [bpe.specials["<|end|>"]])
    'low<|end|>'
    """

    kind = "bpe"

    def __init__(self, merges: Iterable[Sequence[int]], specials: Iterable[str] = ()):
        """Take the merges in the order they were learnt, and the names of special tokens."""
        tokens = [bytes([i]) for i in range(256)]
        self._made: dict[Pair, int] = {}  # a pair to the id that its merge makes
        for pair in map(tuple, merges):
            new_id = len(tokens)
            if len(pair) != 2 or any(type(i) is not int or not 0 <= i < new_id for i in pair):
                raise ValueError(f"Merge {new_id - 256} joins two ids below {new_id}, got {pair}.")
            if pair in self._made:
                raise ValueError(f"Merge {new_id - 256}, {pair}, is there twice.")
            self._made[pair] = new_id
            tokens.append(tokens[pair[0]] + tokens[pair[1]])
        self.merges = tuple(self._made)
        names = _special_names(specials)
        self.specials = {name: len(tokens) + i for i, name in enumerate(names)}
        self._cache: dict[str, list[int]] = {}
        super().__init__(tokens + [utf8(name) for name in names])

    @classmethod
    def train(
        cls,
        text: str,
        *,
        vocab_size: int,
        specials: Iterable[str] = (),
        progress: Callable[[int, int], object] | None = None,
    ) -> "BPETokenizer":
        """Learn merges from `text` until there are `vocab_size` tokens, special ones included.

        Each step joins the most frequent pair; among equals, the one with the smallest ids. It
        stops early, with fewer tokens, once no pair occurs twice. `progress(done, total)` is
        called now and then, and at the end with done == total.
        """
        names = _special_names(specials)
        wanted = operator.index(vocab_size) - 256 - len(names)
        if wanted < 0:
            raise ValueError(
                f"vocab_size is {vocab_size}, but 256 bytes and {len(names)} special tokens "
                f"already make {256 + len(names)}; ask for at least that many."
            )
        return cls(_learn(Counter(words(text)), wanted, progress), names)

    def encode(self, text: str) -> list[int]:
        """The ids of `text`; a name such as "<|end|>" in it is text like any other."""
        ids = []
        for word in words(text):
            known = self._cache.get(word)
            if known is None:
                if len(self._cache) >= _CACHED_WORDS:
                    self._cache.clear()
                known = self._cache[word] = self._encode_word(word)
            ids += known
        return ids

    def _encode_word(self, word: str) -> list[int]:
        """Make the merges in the order they were learnt, each from left to right.

        A heap holds the merges that can be made, so that a word of n bytes costs n log n.
        """
        chain = _Chain([_EDGE, *utf8(word), _EDGE])
        heap = [(self._made[p], i) for i, p in enumerate(pairwise(chain.ids)) if p in self._made]
        heapify(heap)
        while heap:
            new_id, i = heappop(heap)
            if self._made.get(chain.pair(i)) != new_id:
                continue  # an earlier merge took one of the two
            chain.join(i, new_id)
            for neighbour in (chain.left[i], i):
                later = self._made.get(chain.pair(neighbour))
                if later is not None:
                    heappush(heap, (later, neighbour))
        return [token for token in chain.ids if token != _EDGE]

    def to_dict(self) -> dict:
        """The merges and the names of the special tokens: all there is to know."""
        merges = [list(pair) for pair in self.merges]
        return super().to_dict() | {"merges": merges, "specials": list(self.specials)}


def words(text: str) -> Iterator[str]:
    """Cut text into the words that BPE works in; joined, they are the text again.

    >>> list(words("It's 2 cats,  你好!"))
    ['It', "'s", ' 2', ' cats', ',', ' ', ' 你好', '!']
    """
    return (match[0] for match in _WORD.finditer(checked(text)))


def count_pairs(ids: Sequence[int]) -> Counter[Pair]:
    """How often each pair of neighbours occurs. Lesson 02.

    >>> count_pairs([1, 2, 1, 2])
    Counter({(1, 2): 2, (2, 1): 1})
    """
    return Counter(pairwise(ids))


def merge(ids: Sequence[int], pair: Pair, new_id: int) -> list[int]:
    """Put `new_id` wherever `pair` occurs, from left to right. Lesson 02.

    >>> merge([1, 2, 1, 2, 3], (1, 2), 9)
    [9, 9, 3]
    """
    merged = []
    i = 0
    while i < len(ids):
        if tuple(ids[i : i + 2]) == pair:
            merged.append(new_id)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged


class _Chain:
    """Ids in a doubly linked list: to join two neighbours costs the same in a chain of any length.

    It starts and ends with `_EDGE`; `left[i]` and `right[i]` are the places of i's neighbours.
    """

    def __init__(self, ids: list[int]):
        self.ids = ids
        self.left = list(range(-1, len(ids) - 1))
        self.right = list(range(1, len(ids) + 1))

    def pair(self, i: int) -> Pair:
        """The ids at place i and at the next."""
        return self.ids[i], self.ids[self.right[i]]

    def join(self, i: int, new_id: int) -> None:
        """Put `new_id` at place i, for the two ids there and next."""
        gone = self.right[i]
        after = self.right[gone]
        self.ids[i], self.ids[gone] = new_id, _EDGE
        self.right[i], self.left[after] = after, i


def _learn(counts: Mapping[str, int], wanted: int, progress) -> list[Pair]:
    """The merges that `count_pairs` and `merge` give, a step at a time, on words with counts.

    All words lie in one chain, and a merge visits only the places where its pair is.
    """
    ids, weight = [_EDGE], [0]  # weight: how often the word at this place occurs in the text
    for word, count in counts.items():
        ids += [*utf8(word), _EDGE]
        weight += [count] * (len(ids) - len(weight))
    chain = _Chain(ids)
    total: dict[Pair, int] = defaultdict(int)
    places: dict[Pair, list[int]] = defaultdict(list)
    for i, pair in enumerate(pairwise(ids)):
        total[pair] += weight[i]
        places[pair].append(i)

    heap = [(-n, pair) for pair, n in total.items() if _EDGE not in pair]
    heapify(heap)
    merges: list[Pair] = []
    while heap and len(merges) < wanted:
        n, pair = heappop(heap)
        if -n != total[pair]:  # it has lost places since it was pushed: back to where it belongs
            heappush(heap, (-total[pair], pair))
            continue
        if total[pair] < 2:
            break
        new_pairs = _merge_everywhere(chain, pair, 256 + len(merges), weight, total, places)
        for new_pair in new_pairs:
            if _EDGE not in new_pair:
                heappush(heap, (-total[new_pair], new_pair))
        merges.append(pair)
        if progress and len(merges) % 64 == 0 and len(merges) < wanted:
            progress(len(merges), wanted)
    if progress:
        progress(len(merges), len(merges))
    return merges


def _merge_everywhere(chain, pair, new_id, weight, total, places) -> set[Pair]:
    """Join `pair` at all its places, keep `total` and `places` right, return the pairs made."""
    new_pairs = set()
    # A pair gets all its places during one merge, from left to right, so the list is in order.
    for i in places.pop(pair):
        if chain.pair(i) != pair:
            continue  # an earlier merge took one of the two
        before = chain.left[i]
        total[chain.pair(before)] -= weight[i]
        total[chain.pair(chain.right[i])] -= weight[i]
        chain.join(i, new_id)
        for place in (before, i):
            new_pair = chain.pair(place)
            total[new_pair] += weight[i]
            places[new_pair].append(place)
            new_pairs.add(new_pair)
    del total[pair]
    return new_pairs


def _special_names(specials: Iterable[str]) -> list[str]:
    names = list(specials)
    good = all(isinstance(name, str) and name and name.isprintable() for name in names)
    if isinstance(specials, str) or not good or len(set(names)) < len(names):
        raise ValueError(f"specials must be a list of distinct printable names, got {specials!r}.")
    return names
