"""Forms of the pages. What they cannot accept comes back with everything that was typed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from batches import intake, money, operations, presentation, price_tags
from batches.equipment import engine_config
from batches.models import Batch, Item
from batches.orders import NAME_MAX
from batches.sentences import translated
from summarizer.engines import select
from summarizer.engines.select import ModelChoice
from summarizer.errors import InvalidInput, SummarizerError
from summarizer.transcripts.uploads import CAPTION_SUFFIXES
from summarizer.youtube_urls import Link, parse

LENGTHS = (
    ("brief", _("Brief: 4 points")),
    ("standard", _("Standard: 8 points")),
    ("detailed", _("Detailed: 16 points")),
)
_PRICED_AT_MOST = 500  # videos for which each model's price is worked out
_language_name = lazy(presentation.language_name, str)
LANGUAGES = [("", _("Same as video")), *((tag, _language_name(tag)) for tag in presentation.LANGUAGES)]


class _FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class _FilesField(forms.FileField):
    """Any number of files."""

    widget = _FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        files = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(_FilesField, self).clean(file, initial) for file in files]


class WishesForm(forms.Form):
    """What is wished of each summary. Read by templates/batches/_wishes.html."""

    model = forms.CharField(required=False, max_length=120)
    summary_length = forms.ChoiceField(choices=LENGTHS, initial="standard")
    language = forms.ChoiceField(choices=LANGUAGES, required=False)
    name = forms.CharField(required=False, max_length=NAME_MAX)
    instructions = forms.CharField(required=False)
    caption_languages = forms.CharField(required=False, max_length=200)
    manual_captions = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = operations.model_choices()
        self.models = [choice for choice in choices if choice.available]
        self.missing_keys = sorted({choice.missing for choice in choices if choice.missing})

    @property
    def options(self) -> dict[str, object]:
        names = ("language", "instructions", "caption_languages", "manual_captions")
        return {name: self.cleaned_data.get(name, "") for name in names}


class AgainForm(WishesForm):
    """Other wishes for the videos of `batch`."""

    def __init__(self, batch: Batch, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.batch = batch
        self.initial.update(batch.options, model=batch.model, summary_length=batch.summary_length)
        self.initial["caption_languages"] = ", ".join(batch.options.get("caption_languages", ()))
        if batch.total_videos <= _PRICED_AT_MOST:
            self.models = [self._priced(choice) for choice in self.models]

    def _priced(self, choice: ModelChoice) -> ModelChoice:
        """With what these videos would cost, instead of an hour of video."""
        whole = price_tags.expected(money.estimate_batch(self.batch, choice.id))
        return replace(choice, price=whole or choice.price)

    def create_batch(self) -> Batch | None:
        """The new batch; None after adding what is wrong to the form's errors."""
        if not self.is_valid():
            return None
        try:
            return operations.rerun_batch(
                self.batch,
                model=self.cleaned_data["model"],
                summary_length=self.cleaned_data["summary_length"],
                options=self.options,
                name=self.cleaned_data["name"],
            )
        except SummarizerError as error:
            self.add_error(None, translated(str(error)))
            return None


class NewBatchForm(WishesForm):
    """Links, files and wishes. `rejected` holds the lines that could not be taken when nothing else was there."""

    accepted_files = ".txt,.csv,.tsv,.html,.htm,.srt,.vtt,.sbv,.json,.json3,.xml,.srv3,.ttml"

    links = forms.CharField(required=False, strip=False)
    uploads = _FilesField(required=False, allow_empty_file=True)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.upload_max = settings.UPLOAD_MAX_BYTES
        chosen = {"model": user.model, "summary_length": user.summary_length, "language": user.language}
        usable = {name: value for name, value in chosen.items() if value}
        if usable.get("model") not in {choice.id for choice in self.models}:
            usable.pop("model", None)
        self.initial = {"model": _default_model(), **_last_wishes(user, self.models), **usable, **self.initial}
        self.rejected: list[dict[str, Any]] = []
        self.link_files: list[intake.LinkFile] = []
        self.caption_files: list[intake.CaptionFile] = []

    def clean_uploads(self) -> list[UploadedFile[Any]]:
        files: list[UploadedFile[Any]] = self.cleaned_data["uploads"]
        for file in files:
            try:
                self._take(file)
            except SummarizerError as error:
                self.add_error("uploads", translated(str(error)))
        return files

    def _take(self, file: UploadedFile[Any]) -> None:
        name = file.name or "file"
        intake.check_size(name, file.size or 0)
        taken = intake.read_upload(name, file.read())
        if isinstance(taken, intake.LinkFile):
            self.link_files.append(taken)
        else:
            self.caption_files.append(taken)

    def create_batch(self) -> Batch | None:
        """The batch; None after adding what is wrong to the form's errors."""
        if self.is_valid():
            wishes = self.cleaned_data
            links = [*parse(wishes["links"]), *(link for file in self.link_files for link in file.links)]
            try:
                return operations.create_batch(
                    self.user,
                    links,
                    self.caption_files,
                    name=wishes["name"],
                    model=wishes["model"],
                    summary_length=wishes["summary_length"],
                    options=self.options,
                )
            except SummarizerError as error:
                self.add_error(None, translated(str(error)))
                self.rejected = getattr(error, "rejected", [])
        self._keep_link_files()
        return None

    def _keep_link_files(self) -> None:
        """Browsers forget chosen files: links move into the text field."""
        found = [link.text for file in self.link_files for link in file.links]
        if found and isinstance(self.data, QueryDict):
            self.data = self.data.copy()
            self.data["links"] = "\n".join([*filter(None, [self.data.get("links", "").rstrip()]), *found])

    @property
    def forgotten_files(self) -> str:
        """Names of the caption files that must be chosen again."""
        return presentation.listed([f"“{file.name}”" for file in self.caption_files])

    @property
    def taken_as(self) -> str:
        """How files were understood: "Took “a.csv” as links (3 videos) and “b.srt” as captions."; "" without any."""
        as_links = gettext("“{name}” as links ({videos})")
        parts = [
            as_links.format(name=file.name, videos=presentation.plural(_videos(file.links), "video"))
            for file in self.link_files
        ]
        if self.caption_files:
            parts.append(gettext("{names} as captions").format(names=self.forgotten_files))
        return gettext("Took {files}.").format(files=presentation.listed(parts)) if parts else ""


class CaptionsForm(forms.Form):
    """Captions for one video."""

    accepted_files = ",".join(CAPTION_SUFFIXES)

    file = forms.FileField()

    def add_to(self, batch: Batch, item: Item) -> bool:
        """Whether they were taken; else what is wrong is in the form's errors."""
        if self.is_valid():
            try:
                operations.add_captions(batch, item, intake.read_caption_upload(self.cleaned_data["file"]))
            except SummarizerError as error:
                self.add_error("file", translated(str(error)))
        return not self.errors


def _default_model() -> str:
    """What runs when nothing is chosen; "" while the installation's own default is wrong, which sending tells."""
    try:
        return select.resolve("", engine_config())
    except InvalidInput:
        return ""


def _last_wishes(user: User, models: Iterable[ModelChoice]) -> dict[str, Any]:
    """What the user's last batch was made with; not a model that cannot run any more."""
    last = Batch.objects.visible_to(user).only("model", "summary_length", "options").first()
    if last is None:
        return {}
    wishes = {
        "summary_length": last.summary_length,
        "language": str(last.options.get("language", "")),
        "instructions": last.options.get("instructions", ""),
        "caption_languages": ", ".join(last.options.get("caption_languages", ())),
        "manual_captions": bool(last.options.get("manual_captions")),
    }
    return wishes | ({"model": last.model} if any(choice.id == last.model for choice in models) else {})


def _videos(links: Iterable[Link]) -> int:
    return sum(link.kind == "video" for link in links)
