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

WESTERN = "cp1252"
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
    WESTERN: _WESTERN_ALPHABETS,
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
_SAMPLE = 262_144  # bytes
_FEWEST = 40  # bytes beyond ASCII; of fewer, statistics say nothing
# Letters beyond ASCII; and what is a letter in another code page: signs between letters, and control characters.
_LETTERS = re.compile(r"[^\W\d_a-zA-Z]|(?<=[^\W\d_])[¡-¶¸-¿](?=[^\W\d_])|[\x80-\x9f]")


def latin(data: bytes) -> str:
    """The code page of a text in Latin letters: `WESTERN`, unless another one fits clearly better."""
    sample = data[:_SAMPLE]
    fits = {page: _fit(sample, page, alphabets) for page, alphabets in _LATIN.items()}
    best = max(fits, key=lambda page: fits[page])
    return best if fits[best] >= max(_ALL_BUT_FEW, fits[WESTERN] + _MARGIN) else WESTERN


def _fit(data: bytes, page: str, alphabets: Iterable[str]) -> float:
    """How many of the letters are of one language, from 0 to 1."""
    try:
        letters = Counter(_LETTERS.findall(data.decode(page)))
    except UnicodeDecodeError:
        return 0.0
    known = (sum(n for letter, n in letters.items() if letter in abc or letter.lower() in abc) for abc in alphabets)
    return max(known) / max(1, letters.total())


def of_other_script(data: bytes) -> str | None:
    """The code page of a text most of whose letters are not Latin; None if that cannot be told."""
    if sum(byte >= 0x80 for byte in data) < _FEWEST:
        return None
    best = from_bytes(data, cp_isolation=_OTHER_SCRIPTS).best()
    return best.encoding if best else None
