"""The forms of the admin: what they ask beyond the tables, and what they refuse in words a curator understands."""

from decimal import Decimal

from django import forms
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.utils import timezone

from comparisons import curation
from comparisons.importing.entered import row_faults, weight_sentences
from comparisons.importing.formats import NUMBER, plain_number
from comparisons.models import Offer, Status
from comparisons.naming import slugify


class ReasonActionForm(ActionForm):
    """The action bar of a list, with room for the reason."""

    reason = forms.CharField(label="Reason:", max_length=240, required=False)


class CurationForm(forms.ModelForm):
    """A form that takes a reason for the history, fills the slug of a new row and notices another curator's save."""

    change_reason = forms.CharField(
        label="Reason for the change",
        help_text="Kept in the history. Printed with the change when readers can notice it.",
        max_length=240,
        required=False,
        widget=AdminTextInputWidget,
    )
    loaded = forms.IntegerField(required=False, widget=forms.HiddenInput)
    refusal = ""  # set for the second try after two curators wrote the same row at once
    only_drafts = False  # set for curators who may not publish

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.only_drafts and self.instance.pk is None and hasattr(self.instance, "status"):
            self.instance.status = Status.DRAFT
        for name, value in self.initial.items():
            if isinstance(value, Decimal):
                self.initial[name] = Decimal(plain_number(value))
        if self.instance.pk:
            if not hasattr(self.instance, "newest_history"):
                newest = self.instance.history.order_by("-history_id").first()
                self.instance.newest_history = newest.history_id if newest else None
            self.initial["loaded"] = self.instance.newest_history
            if self.is_return:
                state = timezone.localtime(self.instance._history.history_date)
                self.initial["change_reason"] = f"Back to the state of {state:%-d %b %Y %H:%M}"
        elif "slug" in self.fields:
            self.fields["slug"].required = False
            self.fields["slug"].help_text = "Empty: made from the name. Later changes break no link of a model."
        for name in {"slug", "name"} & self.fields.keys():
            advice = ": add the date or the variant." if name == "name" else "."
            noun = curation.noun(type(self.instance))
            self.fields[name].error_messages["unique"] = f"Another {noun} has this {name}{advice}"

    @property
    def is_return(self) -> bool:
        """Whether the form holds an earlier state of its row, taken from the history."""
        return hasattr(self.instance, "_history")

    def clean(self) -> dict:
        cleaned = super().clean()
        if self.refusal:
            self.add_error(None, self.refusal)
        self.fill_slug(cleaned)
        self.refuse_odd_numbers()
        if self.instance.pk and (self.has_changed() or self.is_return):
            self.notice_other_curator(cleaned)
        return cleaned

    def _post_clean(self) -> None:
        """What was entered stands in the instance now: a form refuses what a file would, and who may not publish saves drafts only."""
        super()._post_clean()
        if not self.errors and self.has_changed():
            for field, sentence in row_faults(self.instance, timezone.localdate()):
                self.add_error(field if field in self.fields else None, sentence)
        if self.only_drafts and not self.errors and self.has_changed() and not curation.is_draft(self.instance):
            self.add_error(None, "This would be public at once, and you may save drafts only: ask an editor.")

    def refuse_odd_numbers(self) -> None:
        """Numbers are written as in a file: digits and a point, no plus sign, no other alphabet's digits."""
        for name, field in self.fields.items():
            text = str(self.data.get(self.add_prefix(name)) or "").strip()
            if isinstance(field, forms.IntegerField) and text and name not in self.errors and not NUMBER.match(text):
                self.add_error(name, f"{text[:40]} is not a plain number.")

    def fill_slug(self, cleaned: dict) -> None:
        """Make the slug of a new row by the site's own rule: the admin's script drops dots and plus signs."""
        if self.instance.pk or "slug" not in self.fields or "slug" in self.errors or not cleaned.get("name"):
            return
        cleaned["slug"] = cleaned.get("slug") or slugify(cleaned["name"])
        if not cleaned["slug"]:
            self.add_error("slug", "The name gives no slug: write one in letters and digits.")

    def notice_other_curator(self, cleaned: dict) -> None:
        """Refuse once when the row was saved after this form was loaded. It is held, so that no save slips between."""
        field = self.add_prefix("loaded")
        if field not in self.data:
            return
        type(self.instance)._base_manager.select_for_update().filter(pk=self.instance.pk).first()
        newest = self.instance.history.select_related("history_user").order_by("-history_id").first()
        if newest is None or newest.history_id == cleaned.get("loaded"):
            return
        self.data = self.data.copy()
        self.data[field] = newest.history_id
        saved_at = timezone.localtime(newest.history_date)
        day = "" if saved_at.date() == timezone.localdate() else f" on {saved_at:%-d %b %Y}"
        self.add_error(
            None,
            f"{newest.history_user or 'An import'} saved this at {saved_at:%H:%M}{day} while you were editing. "
            "Your entries are below. Save again to overwrite.",
        )


class WeightedForm(CurationForm):
    """A category or benchmark: its weight is a share of a whole, so weights change together in the list."""

    def _post_clean(self) -> None:
        super()._post_clean()
        if not self.errors and {"weight", "category", "order"} & set(self.changed_data):
            for sentence in weight_sentences([self.instance]):
                self.add_error("weight", f"{sentence} Change the weights together in the list.")


class WeightsFormSet(forms.BaseModelFormSet):
    """The weights of a list, saved together."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors) or not self.has_changed():
            return
        if sentences := weight_sentences([form.instance for form in self.forms]):
            raise ValidationError(sentences)


class BenchmarkForm(WeightedForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if "family" in self.fields:
            self.fields["family"].required = False
            self.fields["family"].help_text += " Empty: the slug."

    def fill_slug(self, cleaned: dict) -> None:
        super().fill_slug(cleaned)
        if "family" in self.fields and "family" not in self.errors:
            cleaned["family"] = cleaned.get("family") or cleaned.get("slug") or ""


class ScoreForm(CurationForm):
    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("status") == Status.WITHDRAWN:
            self.instance.withdrawn_on = self.instance.withdrawn_on or timezone.localdate()
        elif "status" in cleaned:
            self.instance.withdrawn_on = None
        return cleaned


class ScoreRowForm(ScoreForm):
    """A score on its model's page. The benchmark of a stored one is shown as it is: to change it, open the score."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "benchmark" in self.fields:
            choice = (self.instance.benchmark_id, str(self.instance.benchmark))
            self.fields["benchmark"].disabled = True
            self.fields["benchmark"].widget = forms.Select(choices=[choice])


class OfferForm(CurationForm):
    price_is_right = forms.BooleanField(
        label="The price is right",
        required=False,
        help_text="Tick when a price jumped ten times or more and is right.",
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if "starts_on" in self.fields and self.instance.pk is None:
            self.fields["starts_on"].help_text = "Empty: today, the first day on which the price is on record."

    def clean(self) -> dict:
        cleaned = super().clean()
        if self.instance.pk is None and self.has_changed() and cleaned.get("basis") != Offer.Basis.SELF_HOSTED:
            cleaned["starts_on"] = cleaned.get("starts_on") or timezone.localdate()
        model = cleaned.get("model")
        if model is None or model.pk is None or cleaned.get("price_is_right") or not self.has_changed():
            return cleaned
        offer = Offer(pk=self.instance.pk, model=model, host=cleaned.get("host", ""), basis=cleaned.get("basis", ""))
        jumps = curation.price_jumps(offer, {name: cleaned.get(name) for name in ("input", "output")})
        if jumps:
            self.add_error(None, " ".join([*jumps, "Correct it, or tick “The price is right”."]))
        return cleaned


class DistinctFormSet(forms.BaseInlineFormSet):
    """Rows entered together are compared with each other too: the tables only know those saved before."""

    repeated = ""

    def key(self, row: dict) -> tuple | None:
        raise NotImplementedError

    def clean(self) -> None:
        super().clean()
        seen = set()
        for form in self.forms:
            row = getattr(form, "cleaned_data", None)
            key = None if not row or row.get("DELETE") else self.key(row)
            if key in seen:
                raise ValidationError(self.repeated)
            if key is not None:
                seen.add(key)


class AliasFormSet(DistinctFormSet):
    repeated = "Two of the aliases are the same."

    def key(self, row: dict) -> tuple | None:
        return (row["text"].casefold(),) if row.get("text") else None


class OfferFormSet(DistinctFormSet):
    repeated = "Two current offers are of the same host and kind: end the old one first."

    def key(self, row: dict) -> tuple | None:
        is_current = row.get("status") == Status.PUBLISHED and not row.get("ends_on")
        return (row.get("host"), row.get("basis")) if is_current else None
