"""Names in Cyrillic and Greek letters as they are spelled in Latin ones."""

import unicodedata

from headgate.core.deid.identifiers.text import fold

# Letters as passports spell them in Latin ones: ICAO Doc 9303-3 section 6, and as people do
ROMANIZED = {
    "а": "a", "б": "b", "в": "v|w", "г": "g|h", "д": "d", "е": "e|ye|je", "ж": "zh|j|sch",
    "з": "z|s", "и": "i|y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r",
    "с": "s|ss", "т": "t", "у": "u|ou", "ф": "f|ph", "х": "kh|h|ch", "ц": "ts|tz|c|z",
    "ч": "ch|tsch|tch",
    "ш": "sh|sch", "щ": "shch|schtsch|sch", "ъ": "|ie", "ы": "y|i", "ь": "|'", "э": "e",
    "ю": "yu|iu|ju", "я": "ya|ia|ja", "ё": "e|yo|jo", "й": "i|y|j|", "і": "i|y", "ї": "i|yi",
    "є": "ye|ie|e", "ґ": "g", "'": "|'",
    "α": "a", "β": "v|b", "γ": "g|y", "δ": "d", "ε": "e", "ζ": "z", "η": "i|e", "θ": "th",
    "ι": "i", "κ": "k|c", "λ": "l", "μ": "m", "ν": "n", "ξ": "x|ks", "ο": "o", "π": "p",
    "ρ": "r|rh", "σ": "s", "τ": "t", "υ": "y|u|v|f|i", "φ": "f|ph", "χ": "ch|h", "ψ": "ps",
    "ω": "o",
}  # fmt: skip
FEWEST_LETTERS = 4  # fewer, in Latin letters, are words of other languages


def of_name(name: str) -> str:
    """Given a name, return the pattern of its spellings in Latin letters; blank where none."""
    letters = [_known(one) for one in unicodedata.normalize("NFC", name.lower())]
    if len(letters) < FEWEST_LETTERS or any(one not in ROMANIZED for one in letters):
        return ""
    return "".join(f"(?:{ROMANIZED[one]})" for one in letters)


def _known(letter: str) -> str:
    """Return a letter as it is listed: й is one of its own, and not и with a mark."""
    return letter if letter in ROMANIZED else fold(letter)
