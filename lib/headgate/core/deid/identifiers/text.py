"""Texts made comparable: case, diacritics and marks set aside."""

import unicodedata
from functools import lru_cache

# Letters that have no decomposition in Unicode, in their common spelling; Arabic ones that are
# written for one another, or only stretch a word; older forms of Chinese characters in Japanese
# names; and what typesetting puts in the place of marks
SPELLED = str.maketrans({
    "ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i",
    "ة": "ه", "ى": "ي", "ـ": "",
    **dict(zip(
        "髙﨑邉邊澤齋齊濵濱廣國櫻眞榮龍嶋嶌德惠曾栁𠮷瀨增淸靜豐黑藏學圓實壽彌",
        "高崎辺辺沢斎斉浜浜広国桜真栄竜島島徳恵曽柳吉瀬増清静豊黒蔵学円実寿弥",
        strict=True,
    )),
    **dict.fromkeys("‐‑‒–—―−", "-"), **dict.fromkeys("‘’‚‛ʼ′", "'"),
    **dict.fromkeys("·•‧∙⋅・", "."), **dict.fromkeys("⁄∕", "/"),
})  # fmt: skip
# Unicode's categories of accents and variants, and of soft hyphens, joiners, marks of direction
UNSEEN = frozenset({"Mn", "Cf"})
FIRST_IDEOGRAPH = "\u3400"
# Katakana and Hiragana spell the same syllables
HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}


def fold(text: str) -> str:
    """Given a text, return it in lower case, without diacritics and what is not seen, with the
    marks and digits of ASCII and the simplified forms of Chinese characters.
    """
    if text.isascii():
        return text.lower()
    return "".join(map(fold_letter, text))


@lru_cache(maxsize=4096)
def fold_letter(letter: str) -> str:
    """Given one character, return what it folds to: none, one or more characters."""
    if (digit := unicodedata.decimal(letter, None)) is not None:
        return str(digit)
    # what typesetting has of its own has capitals of its own
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", letter).casefold())
    plain = "".join(part for part in parts if unicodedata.category(part) not in UNSEEN)
    spelled = plain.translate(SPELLED).translate(HIRAGANA)
    return simplified(spelled) if spelled >= FIRST_IDEOGRAPH else spelled


def simplified(letter: str) -> str:
    """Given a Chinese character, return its simplified form."""
    from headgate.core.deid.identifiers.hanzi import SIMPLIFIED

    return SIMPLIFIED.get(letter, letter)


def alphanumeric(text: str) -> str:
    """Given a text, return only its letters and digits, folded."""
    return "".join(filter(str.isalnum, fold(text)))


def is_small_form(letter: str) -> bool:
    """Given a letter, return whether a name begins with another form of it: not so in Georgian."""
    return letter.islower() and letter.title() != letter
