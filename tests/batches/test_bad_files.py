"""Files that people really choose: too large, no text at all, or text in the encodings of other programs."""

from __future__ import annotations

import codecs

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from batches.models import Batch, Item
from tests.batches.builders import make_user
from tests.batches.surfaces import Said, logged_in, words_of

pytestmark = pytest.mark.django_db

LINKS = "Käse und Brot: https://youtu.be/dQw4w9WgXcQ\r\nhttps://youtu.be/9bZkp7q19f0\r\n"
SPEECH = "Brot braucht Zeit, und der Käse auch. Lass es über Nacht ruhen. Morgen früh ist es fertig.\r\n"
ENCODINGS = {
    "UTF-8": lambda text: text.encode(),
    "UTF-8 with a BOM": lambda text: codecs.BOM_UTF8 + text.encode(),
    "UTF-16 with a BOM": lambda text: text.encode("utf-16"),
    "UTF-16 big-endian with a BOM": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "UTF-16 without a BOM": lambda text: text.encode("utf-16-le"),
    "Latin-1": lambda text: text.encode("latin-1"),
}
BINARIES = {
    "photo.txt": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
    "letter.txt": b"PK\x03\x04" + bytes(range(256)) * 40,
    "video.txt": b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 40,
    "noise.csv": bytes(range(256)) * 100,
    "zeros.srt": b"\x00" * 4096,
    "talk.vtt": b"%PDF-1.7\n" + bytes(range(256)) * 40,
}


@pytest.fixture
def user() -> User:
    return make_user()


def upload(user: User, *files: tuple[str, bytes]) -> Said:
    chosen = [SimpleUploadedFile(name, data) for name, data in files]
    answer = logged_in(user).post("/", {"links": "", "uploads": chosen, "summary_length": "standard"}, follow=True)
    return Said(answer.status_code, words_of(answer))


@pytest.mark.parametrize("size", [5 * 2**20 + 1, 6 * 2**20])
def test_a_file_over_five_megabytes_is_refused_by_name_and_size(user: User, size: int) -> None:
    said = upload(user, ("big.txt", b"https://youtu.be/dQw4w9WgXcQ\n" + b"x" * (size - 29)))
    assert said.status == 400
    assert f"“big.txt” is {size / 2**20:.1f} MB. Files may have 5 MB; split it." in said.words
    assert not Batch.objects.exists()


@pytest.mark.thorough
def test_a_file_of_five_megabytes_is_taken(user: User) -> None:
    line = b"https://youtu.be/dQw4w9WgXcQ\n"
    said = upload(user, ("full.txt", (line * (5 * 2**20 // len(line) + 1))[: 5 * 2**20]))
    assert said.status == 200
    assert Batch.objects.get().total_videos == 1


@pytest.mark.parametrize(("name", "data"), BINARIES.items())
def test_what_is_no_text_is_refused_by_name_whatever_its_suffix_says(user: User, name: str, data: bytes) -> None:
    said = upload(user, (name, data))
    assert said.status == 400
    assert name in said.words
    assert "is not a text file" in said.words
    assert not Batch.objects.exists()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_links_are_found_in_every_usual_encoding(user: User, encoding: str) -> None:
    said = upload(user, ("links.txt", ENCODINGS[encoding](LINKS)))
    assert said.status == 200
    assert "Took “links.txt” as links (2 videos)." in said.words
    ids = Item.objects.order_by("position").values_list("video__youtube_id", flat=True)
    assert list(ids) == ["dQw4w9WgXcQ", "9bZkp7q19f0"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_captions_keep_their_letters_in_every_usual_encoding(user: User, encoding: str) -> None:
    said = upload(user, ("vortrag.txt", ENCODINGS[encoding](SPEECH)))
    assert said.status == 200
    assert "“vortrag.txt” as captions" in said.words
    transcript = Item.objects.get().transcript
    assert transcript is not None
    text = " ".join(cue[2] for cue in transcript.cues)
    assert "der Käse auch" in text
    assert "über Nacht" in text
    assert "\ufeff" not in text


@pytest.mark.parametrize(
    "name", [".txt", "../../etc/passwd.txt", "C:\\Users\\x\\talk.txt", "a" * 300 + ".txt", "ü\u202etxt.exe.txt"]
)
def test_any_file_name_is_harmless(user: User, name: str) -> None:
    said = upload(user, (name, SPEECH.encode()))
    assert said.status == 200
    title = Item.objects.get().video.title
    assert "/" not in title
    assert "\u202e" not in title
    assert len(title) <= 500


def test_one_bad_file_is_named_and_the_good_ones_are_not_forgotten(user: User) -> None:
    said = upload(user, ("links.txt", LINKS.encode()), ("photo.txt", BINARIES["photo.txt"]))
    assert said.status == 400
    assert "photo.txt is not a text file" in said.words
    assert "https://youtu.be/9bZkp7q19f0" in said.words
    assert not Batch.objects.exists()


def test_more_files_than_are_taken_at_once_get_a_sentence(user: User) -> None:
    files = [(f"talk{number}.txt", SPEECH.encode()) for number in range(1001)]
    said = upload(user, *files)
    assert said.status == 413
    assert "fewer files" in said.words
