"""The forms by which tables and files come in: a first look, and the same again with what a person decided."""

from collections.abc import Mapping

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget, AdminURLFieldWidget
from django.core.exceptions import ValidationError
from django.utils import timezone

from comparisons.importing.scores import LEAVE_OUT, Unknown
from comparisons.importing.uploads import FORMATS
from comparisons.models import SourceKind, validate_https, validate_plain_text

ACROSS = [("", "as the names tell"), ("model", "models"), ("benchmark", "benchmarks")]
KINDS = [("", "---------"), *SourceKind.choices]


class CommonForm(forms.Form):
    """What holds for every score of a table or file that does not say its own."""

    source_url = forms.CharField(
        label="Source",
        required=False,
        max_length=500,
        validators=[validate_https],
        widget=AdminURLFieldWidget,
        help_text="The page that shows the figures.",
    )
    source_kind = forms.ChoiceField(label="Source kind", required=False, choices=KINDS)
    reported_on = forms.DateField(
        label="Date",
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "vDateField"}),
        help_text="Of the report; of prices, the first day they hold.",
    )
    setting = forms.CharField(
        required=False,
        max_length=100,
        validators=[validate_plain_text],
        widget=AdminTextInputWidget,
        help_text="Effort, tools, harness. The same for all scores, unless the table has a column.",
    )
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=200,
        widget=AdminTextInputWidget,
        help_text="Kept in the history and printed with each change that readers can notice.",
    )
    leave_out_refused = forms.BooleanField(label="Leave out what is refused and store the rest", required=False)
    allow_large_change = forms.BooleanField(label="So large a change is right", required=False)
    allow_implausible = forms.BooleanField(label="The prices that look implausible are right", required=False)

    def clean_reported_on(self) -> object:
        day = self.cleaned_data["reported_on"]
        if day and day > timezone.localdate():
            raise ValidationError("This date is in the future.")
        return day

    @property
    def confirmed(self) -> list[str]:
        return [name for name in ("allow_large_change", "allow_implausible") if self.cleaned_data.get(name)]

    def cells(self) -> dict[str, str]:
        """The common cells, as a file writes them."""
        day = self.cleaned_data.get("reported_on")
        names = ("source_url", "source_kind", "setting")
        return {name: self.cleaned_data.get(name, "") for name in names} | {
            "reported_on": day.isoformat() if day else ""
        }


class PasteForm(CommonForm):
    text = forms.CharField(
        label="Table",
        strip=False,
        widget=AdminTextareaWidget(attrs={"rows": 12, "wrap": "off", "spellcheck": "false"}),
        help_text="Copied from a page, a spreadsheet or a Markdown file: models across, benchmarks across, or one score a "
        "row (model, benchmark, value, and if need be setting, source, date). Prices: model, host, input, output, cached.",
    )
    across = forms.ChoiceField(label="Across stand", required=False, choices=ACROSS)
    field_order = ["text", "source_url", "source_kind", "reported_on", "setting", "across", "reason"]


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    widget = FilesInput

    def clean(self, data: object, initial: object = None) -> list:
        chosen = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(FilesField, self).clean(each, initial) for each in chosen]


class UploadForm(CommonForm):
    files = FilesField(
        label="Files",
        required=False,
        help_text="One or more CSV files named like those of the catalogue, a zip of them, or results: a BenchLM export, "
        "files of lm-evaluation-harness, logs of Inspect.",
    )
    form = forms.ChoiceField(label="Format", required=False, choices=[("", "as the files tell"), *FORMATS.items()])
    is_whole = forms.BooleanField(
        label="Also take the models, benchmarks, prices and speeds that the file describes",
        required=False,
        help_text="Of a BenchLM export. Without it, names that are not known here wait for you in a list.",
    )
    field_order = ["files", "form", "source_url", "source_kind", "reported_on", "setting", "is_whole", "reason"]


class NameForm(forms.Form):
    """What one unknown name stands for."""

    chosen = forms.ChoiceField(label="is", required=False)
    other = forms.CharField(label="or type its name", required=False, max_length=160)
    is_alias = forms.BooleanField(label="remember as alias", required=False)

    def __init__(self, unknown: Unknown, may_remember: bool, *args, **kwargs) -> None:
        super().__init__(*args, prefix=unknown.key, **kwargs)
        self.unknown = unknown
        near = [(row.slug, f"{row.name} ({row.slug})") for row in unknown.near]
        self.fields["chosen"].choices = [("", "choose"), *near, (LEAVE_OUT, "leave out")]
        if not may_remember:
            del self.fields["is_alias"]


def choices_of(data: Mapping[str, str]) -> dict[str, str]:
    """What a person said of unknown names, by the key of each; what was typed goes before what was chosen."""
    found = {}
    for ending in ("-chosen", "-other"):
        names = [name for name in data if name.startswith(("model-", "benchmark-")) and name.endswith(ending)]
        found |= {name.removesuffix(ending): data[name].strip()[:160] for name in names if data[name].strip()}
    return found
