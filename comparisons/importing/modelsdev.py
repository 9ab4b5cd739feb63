"""A checkout of models.dev as drafts: what its files say of a model's context, limits, modalities, cutoff and licence."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction

from comparisons.curation import save_row
from comparisons.models import MODALITIES, Creator, LanguageModel, ModelAlias, Status
from comparisons.naming import slugify

REASON = "from models.dev"
MAKERS = {  # folder there: maker here; other folders are hosts or makers nobody asked for
    "alibaba": "alibaba",
    "amazon": "amazon",
    "anthropic": "anthropic",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "google": "google",
    "meta": "meta",
    "microsoft": "microsoft",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshotai": "moonshot",
    "nvidia": "nvidia",
    "openai": "openai",
    "stepfun": "stepfun",
    "xai": "xai",
    "xiaomi": "xiaomi",
    "zai": "zai",
    "zhipuai": "zai",
}


@dataclass
class Outcome:
    """One line a model that is new, filled in, different or refused; `written` counts the drafts."""

    lines: list[str] = field(default_factory=list)
    written: int = 0


def import_folder(folder: Path, *, dry_run: bool = False) -> Outcome:
    """New models become drafts and blanks of drafts are filled; what differs from a published model is only reported."""
    outcome = Outcome()
    if not (folder / "models").is_dir() and not (folder / "providers").is_dir():
        outcome.lines.append(f"{folder.name}: holds neither models nor providers; is it a checkout of models.dev?")
        return outcome
    known = {model.slug: model for model in LanguageModel.objects.all()}
    names = {slugify(alias): slug for alias, slug in ModelAlias.objects.values_list("text", "model__slug")}
    names |= {slug: slug for slug in known}
    makers = {maker.slug: maker for maker in Creator.objects.all()}
    with transaction.atomic():
        for path in files(folder):
            maker = makers.get(MAKERS[maker_of(path)])
            try:
                values = read(path)
            except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError, AttributeError, ValueError) as error:
                outcome.lines.append(f"{path.name}: refused: {error}")
                continue
            if maker and values:
                slug = names.get(slugify(path.stem))
                consider(path, values, maker, known.get(slug), outcome, dry_run=dry_run)
    return outcome


def files(folder: Path) -> Iterator[Path]:
    """The files of the makers: `models/<maker>/<id>.toml`, and `providers/<maker>/models/<id>.toml` of older checkouts."""
    seen = set()
    for path in sorted(folder.glob("models/*/*.toml")) + sorted(folder.glob("providers/*/models/*.toml")):
        if maker_of(path) in MAKERS and path.stem not in seen:
            seen.add(path.stem)
            yield path


def maker_of(path: Path) -> str:
    return path.parent.parent.name if path.parent.name == "models" else path.parent.name


def read(path: Path) -> dict[str, object]:
    """The columns of a model that the file knows; nothing for one that makes no text or only points to another file."""
    given = tomllib.loads(path.read_text(encoding="utf-8"))
    limit, modalities = given.get("limit", {}), given.get("modalities", {})
    if not given.get("name") or "text" not in modalities.get("output", []):
        return {}
    cutoff = str(given.get("knowledge", ""))[:7]
    values = {
        "name": given["name"],
        "context_window": limit.get("context") or None,
        "max_output": limit.get("output") or None,
        "knowledge_cutoff": cutoff if len(cutoff) == 7 else "",
        "input_modalities": "|".join(each for each in MODALITIES if each in modalities.get("input", [])),
        "output_modalities": "|".join(each for each in MODALITIES if each in modalities["output"]),
        "open_weights": given.get("open_weights"),
        "licence": given.get("license", ""),
        "released_on": given.get("release_date") if len(str(given.get("release_date", ""))) == 10 else None,
    }
    return {name: value for name, value in values.items() if value not in (None, "")}


def consider(
    path: Path, values: dict, maker: Creator, model: LanguageModel | None, outcome: Outcome, *, dry_run: bool
) -> None:
    if model is None:
        model, word = LanguageModel(slug=slugify(path.stem), creator=maker, status=Status.DRAFT, **values), "new"
        line = f"new: {model.slug}: {words(values)}"
    else:
        now = {name: getattr(model, name) for name in values if name != "name"}
        blanks = {name: values[name] for name, value in now.items() if value in (None, "")}
        differing = {name: values[name] for name, value in now.items() if str(value) != str(values[name])}
        if not differing:
            return
        word = "filled" if model.status == Status.DRAFT and blanks else "differs"
        line = f"{word}: {model.slug}: {words(blanks if word == 'filled' else differing)}"
        if word == "filled":
            for name, value in blanks.items():
                setattr(model, name, value)
    if word != "differs":
        try:
            model.full_clean()
        except ValidationError as error:
            outcome.lines.append(f"{line}; refused: {' '.join(error.messages)}")
            return
        outcome.written += 1
        if not dry_run:
            save_row(model, REASON)
    outcome.lines.append(line)


def words(values: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
