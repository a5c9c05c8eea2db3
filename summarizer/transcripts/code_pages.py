"""Which code page a text was saved in that is neither UTF-8 nor UTF-16: told by its letters, or not at all.

Code pages of the Latin script give the same bytes to different letters. So each is tried, and that one is taken in
which the letters beyond ASCII are those of one language: “pøíšerný” is no language's word, “příšerný” is Czech.
Statistics of bytes tell other scripts apart, but mistake Spanish for Polish.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from charset_normalizer import from_bytes

_WESTERN = "cp1252"
_WESTERN_ALPHABETS = (
    "àâæçèéêëîïôùûüÿœ",  # French
    "äöüßé",  # German
    "áéíñóúü",  # Spanish
    "àéèìíîòóùú",  # Italian
    "áâãàçéêíóôõúü",  # Portuguese
    "åäöéàüæøèóôò",  # Swedish, Danish, Norwegian
    "äöåšžõü",  # Finnish, Estonian
    "ëéèïöüáíóúçà",  # Dutch, Albanian
    "áðéíóúýþæö",  # Icelandic
    "àçèéíïòóúü",  # Catalan
)
_CENTRAL_ALPHABETS = (
    "ąćęłńóśźż",  # Polish
    "áčďéěíňóřšťúůýž",  # Czech
    "áäčďéíĺľňóôŕšťúýž",  # Slovak
    "áéíóöőúüű",  # Hungarian
    "ăâîşţ",  # Romanian
    "čćđšž",  # Croatian, Slovene, Serbian in Latin letters
)
_LATIN = {  # of equals, the first
    _WESTERN: _WESTERN_ALPHABETS,
    "cp1250": _CENTRAL_ALPHABETS,
    "cp1254": ("çğıİöşüâîû",),  # Turkish
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž"),  # Lithuanian, Latvian, Estonian
    "iso8859_2": _CENTRAL_ALPHABETS,
    "iso8859_15": _WESTERN_ALPHABETS,
}
_OTHER_SCRIPTS = [
    *("cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "cp874"),
    *("cp932", "euc_jp", "cp949", "gb18030", "big5"),
]
_ALL_BUT_FEW = 0.95
_MARGIN = 0.02  # a name from elsewhere
_SAMPLE = 262_144  # bytes; enough to tell, and few enough for a stranger's file
_FEWEST = 40  # bytes beyond ASCII; of fewer, statistics say nothing
_MOST_BEYOND_ASCII = 0.4  # of the letters; “Été à Orléans” has a third, Cyrillic, Greek and Japanese pages nearly all
_ASCII_LETTER = re.compile(rb"[A-Za-z]")
# Letters beyond ASCII; and what is a letter in another code page: signs between letters, and control characters.
_LETTERS = re.compile(r"[^\W\d_a-zA-Z]|(?<=[^\W\d_])[¡-¶¸-¿](?=[^\W\d_])|[\x80-\x9f]")
# The same, but for those that people do write in words: the text is in a code page that is not known here.
_SIGN_IN_WORD = re.compile(r"[^\W\d_][¡-§©¬®¯±-³µ¶¸¹¼-¿](?=[^\W\d_])")


def code_page(data: bytes) -> str | None:
    """The name of the code page, for `bytes.decode`; None if the letters fit none."""
    sample = data[:_SAMPLE]
    page, fit = _of_latin_letters(sample)
    if fit >= _ALL_BUT_FEW:
        return page
    beyond = sum(byte >= 0x80 for byte in sample)
    if beyond > _MOST_BEYOND_ASCII * (beyond + len(_ASCII_LETTER.findall(sample))):
        return _of_another_script(data) if beyond >= _FEWEST else None
    # Of several languages, or of none: Western, which most files are, unless that makes no words.
    if _SIGN_IN_WORD.search(sample.decode(_WESTERN, "replace")):
        return None
    try:
        data.decode(_WESTERN)
    except UnicodeDecodeError:
        return "latin-1"
    return _WESTERN


def _of_latin_letters(data: bytes) -> tuple[str, float]:
    """(the page that fits best, how well it does). Another page than `_WESTERN` must fit clearly better."""
    fits = {page: _fit(data, page, alphabets) for page, alphabets in _LATIN.items()}
    best = max(fits, key=lambda page: fits[page])
    page = best if fits[best] >= fits[_WESTERN] + _MARGIN else _WESTERN
    return page, fits[page]


def _fit(data: bytes, page: str, alphabets: Iterable[str]) -> float:
    """How many of the letters are of one language, from 0 to 1."""
    try:
        letters = Counter(_LETTERS.findall(data.decode(page)))
    except UnicodeDecodeError:
        return 0.0
    known = (sum(n for letter, n in letters.items() if letter in abc or letter.lower() in abc) for abc in alphabets)
    return max(known) / max(1, letters.total())


def _of_another_script(data: bytes) -> str | None:
    best = from_bytes(data, cp_isolation=_OTHER_SCRIPTS).best()
    return best.encoding if best else None
