"""lessons/wording.py: what a translator may change in code, and what is kept of it."""

import pytest

from lessons.wording import carry, says_the_same, words

ENGLISH = '''\
# how far
def far(n: int = 3) -> str:
    """How far it is."""
    print(f"{n:,} steps of {2 * n:.1f}")  # said aloud
    return "a" "b" + 'utf-8'


far(World(language="en"));
'''

CHINESE = '''\
# 有多远，
# 一步一步来
def far(n: int = 3) -> str:
    """有多远。"""
    print(f"每步 {2 * n:.1f}，" f"共 {n:,} 步")
    return "甲" + "utf-8"


far(
    World(language="zh")
);
'''


def test_words_may_be_chinese_and_comments_are_free():
    assert says_the_same(ENGLISH, CHINESE.replace('"utf-8"', "'utf-8'"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("n: int = 3", "n: int = 4"),  # a number
        ("2 * n:.1f", "2 * n:.2f"),  # a format
        ("{n:,} ", ""),  # a field is missing
        ("共 {n:,}", "共 {n:,}{n:,}"),  # or comes twice
        ("'utf-8'", "'utf8'"),  # another option, and no Chinese
        ('"zh"', '"fr"'),
        ("far(\n", "near(\n"),  # a name
        (");\n", ")\n"),  # would be shown
        ("    return", "return"),  # indentation
        ("'utf-8'\n", "'utf-8'\n    print(1)\n"),
        ('"甲"', '"甲".upper()'),
        ('f"共 {n:,} 步"', '"共 {n:,} 步"'),  # no longer filled in
    ],
)
def test_nothing_else_may_differ(old, new):
    chinese = CHINESE.replace('"utf-8"', "'utf-8'")
    assert chinese.count(old) == 1
    assert not says_the_same(ENGLISH, chinese.replace(old, new))


def test_an_english_text_is_no_translation_of_another():
    assert not says_the_same('print("one")', 'print("two")')
    assert says_the_same('print("one")', 'print("二")')
    assert not says_the_same('open("one", "utf-8")', 'open("一", "gbk")')


def test_strings_within_the_fields_of_an_f_string_belong_to_it():
    english = "print(f\"{'even' if n % 2 else 'odd'} so {x['key']}\")"
    assert words(english) == [english[len("print(") : -1]]
    assert says_the_same(english, english.replace(" so ", "，所以 "))
    assert not says_the_same(english, english.replace("'key'", "'键'"))


def test_what_cannot_be_read_as_python_is_shown():
    with pytest.raises(ValueError, match=r"cannot be read as Python.*\nprint\("):
        words("print(")


def test_words_follow_their_code_when_the_english_changes():
    english = ENGLISH.replace("n: int = 3", "n: int = 4, loud=True")
    code, lost = carry(english, CHINESE)
    assert lost == ["# 一步一步来"], "English has one comment there, not two"
    assert code.startswith("# 有多远，\ndef far")
    assert "n: int = 4, loud=True" in code
    assert '"""有多远。"""' in code
    assert 'f"每步 {2 * n:.1f}，" f"共 {n:,} 步"' in code
    assert says_the_same(english, code)


def test_words_that_fit_nowhere_are_named():
    code, lost = carry('print("one")\n', 'print("一")\nprint(f"二 {n}")  # 三\n')
    assert code == 'print("一")\n'
    assert lost == ['f"二 {n}"', "# 三"]
    code, lost = carry('print(f"{m} times")\n', 'print(f"{n} 次")\n')
    assert code == 'print(f"{m} times")\n', "a translation with other fields would not run"
    assert lost == ['f"{n} 次"']
