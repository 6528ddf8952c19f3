"""The world's tokenizer: a token is a word or a sign of one of its languages."""

from collections.abc import Iterable, Iterator, Mapping

from minillm.tokenizer.base import Tokenizer
from minillm.world.book import Book
from minillm.world.chinese import Chinese
from minillm.world.english import English

BOOKS: dict[str, type[Book]] = {"en": English, "zh": Chinese}


class WorldTokenizer(Tokenizer):
    """Words to ids and back. Spaces, capitals and new lines are no tokens: they follow. Lesson 02.

    >>> tokenizer = WorldTokenizer("en")
    >>> tokenizer.decode(tokenizer.encode("Anna had a red kite."))
    'Anna had a red kite.'
    """

    kind = "world"
    end = 0
    books: Mapping[str, type[Book]] = BOOKS  # by language

    def __init__(self, language: str = "en"):
        if language not in self.books:
            raise ValueError(f"The world speaks {' and '.join(self.books)}, not {language!r}.")
        self.language = language
        self.book = self.books[language]()
        self.ids = {word: number for number, word in enumerate(self.book.vocabulary)}
        super().__init__(word.encode() for word in self.book.vocabulary)

    def encode(self, text: str) -> list[int]:
        """One id for each word and sign; ValueError names words that the world does not have."""
        words = self.book.split(text)
        unknown = list(dict.fromkeys(word for word in words if word not in self.ids))
        if unknown:
            raise ValueError(
                f"The world has no word {', '.join(map(repr, unknown[:5]))}; "
                "its words are in world.vocabulary."
            )
        return [self.ids[word] for word in words]

    def decode(self, ids: Iterable[int]) -> str:
        """The text as it is printed."""
        return "".join(self.stream(ids))

    def stream(self, ids: Iterable[int]) -> Iterator[str]:
        """Decode ids as they come, one behind: a name before a colon starts a new line."""
        yield from self.book.pieces(self.token_bytes(number).decode() for number in ids)

    def to_dict(self) -> dict:
        """What `from_dict` rebuilds this tokenizer from; fit for JSON."""
        return {**super().to_dict(), "language": self.language}
