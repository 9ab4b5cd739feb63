"""Public formats of results in, reported scores out. A reader never guesses: what a file does not say is refused or asked."""

from __future__ import annotations

import datetime
import io
import json
import sys
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from comparisons.importing.formats import plain_number, shown
from comparisons.importing.reading import Fault, UnreadableError
from comparisons.importing.scores import Reported

if sys.version_info >= (3, 14):
    import zipfile

    from compression.zstd import ZstdError
else:  # Inspect compresses its logs by Zstandard, which zipfile reads from 3.14 on
    from backports.zstd import ZstdError, zipfile

# Metrics of which both tools document that they are shares of 1.
SHARES = {
    "acc",
    "acc_norm",
    "accuracy",
    "exact_match",
    "em",
    "pass@1",
    "pass_at_1",
    "prompt_level_strict_acc",
    "prompt_level_loose_acc",
    "inst_level_strict_acc",
    "inst_level_loose_acc",
}
LARGEST_HEADER = 20_000_000  # bytes of a log without its samples
BROKEN = (UnicodeDecodeError, json.JSONDecodeError, RecursionError)


@dataclass
class Reading:
    """What a file of results holds. `rows` are catalogue rows that it describes itself, as cells by column, by table."""

    title: str
    scores: list[Reported] = field(default_factory=list)
    rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read_json(name: str, raw: bytes) -> object:
    """The JSON of a file, its decimals as the file writes them; raises UnreadableError."""
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_float=Decimal, parse_constant=str)
    except BROKEN as error:
        raise UnreadableError(f"{name} is no JSON file: {shown(str(error))}") from None


# --- lm-evaluation-harness -----------------------------------------------------------------------------------------
def read_lm_eval(name: str, found: Mapping) -> Reading:
    """A results file of EleutherAI's lm-evaluation-harness, as `--output_path` writes it.

    A task with several metrics, such as acc and acc_norm, has a name for each: `hellaswag acc_norm`.
    """
    model = lm_eval_model(found)
    if not model:
        raise UnreadableError(f"{name} does not name the model: neither model_name nor model_args")
    reading = Reading(f"lm-evaluation-harness: {model}")
    parts = {
        part
        for group, members in (found.get("group_subtasks") or {}).items()
        for part in members
        if group in found["results"]
    }
    if parts:
        reading.said.append(f"{len(parts):,} parts of groups are left out: the group stands for them")
    when = found.get("date")
    day = (
        datetime.datetime.fromtimestamp(float(when), datetime.UTC).date().isoformat()
        if isinstance(when, int | float | Decimal)
        else ""
    )
    for task, figures in found["results"].items():
        if task in parts or not isinstance(figures, Mapping):
            continue
        metrics = lm_eval_metrics(figures)
        shots = (found.get("n-shot") or {}).get(task)
        for metric, variant, value in metrics:
            names = [task] if len(metrics) == 1 else [task, metric]
            names += [variant] if variant and len([each for each in metrics if each[0] == metric]) > 1 else []
            setting = ", ".join(
                part for part in ("lm-eval", f"{shots}-shot" if shots is not None else "", variant) if part
            )
            reading.scores.append(
                Reported(
                    f"{task}, {metric}",
                    model,
                    " ".join(names),
                    percentage(value),
                    {"setting": setting} | ({"reported_on": day} if day else {}),
                    refused=partial(found, task) or no_share(metric, value),
                )
            )
    return reading


def lm_eval_model(found: Mapping) -> str:
    """The model's own name: `pretrained=` or `model=` of the arguments where the file has no `model_name`."""
    config = found.get("config") or {}
    arguments = config.get("model_args") or ""
    if isinstance(arguments, str):
        arguments = dict(part.split("=", 1) for part in arguments.split(",") if "=" in part)
    return str(found.get("model_name") or arguments.get("pretrained") or arguments.get("model") or "").strip()


def lm_eval_metrics(figures: Mapping) -> list[tuple[str, str, object]]:
    """(metric, filter, value) of a task; keys read `acc,none` or `exact_match,strict-match`."""
    found = []
    for key, value in figures.items():
        metric, _, variant = key.partition(",")
        if "," in key and not metric.endswith("_stderr"):
            found.append((metric, "" if variant == "none" else variant, value))
    return found


def partial(found: Mapping, task: str) -> str:
    """Why a run is not of the whole test; empty where it is."""
    counts = (found.get("n-samples") or {}).get(task) or {}
    whole, run = counts.get("original"), counts.get("effective")
    if whole and run and run < whole:
        return f"only {run:,} of {whole:,} questions were run"
    limit = (found.get("config") or {}).get("limit")
    return f"run with a limit of {limit}" if limit and not counts else ""


def is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def percentage(value: object) -> str:
    """A share of 1 in percent; what is no number stays as it is."""
    return plain_number(round(Decimal(str(value)) * 100, 4)) if is_number(value) else str(value)


def no_share(metric: str, value: object) -> str:
    """Why a figure cannot be a percentage; empty where it can."""
    if not is_number(value):
        return f"{metric} is no number"
    if metric not in SHARES:
        return f"{metric} is no share of 1, so its unit is not known"
    return "" if 0 <= Decimal(str(value)) <= 1 else f"{metric} lies outside 0 to 1"


# --- Inspect AI ------------------------------------------------------------------------------------------------------
def read_inspect(name: str, found: Mapping) -> Reading:
    """A log of Inspect AI: one task by one model, its accuracy or the metric that the log itself puts in front."""
    run, results = found.get("eval") or {}, found.get("results") or {}
    model = str(run.get("model") or "").partition("/")[2] or str(
        run.get("model") or ""
    )  # Inspect writes provider/model
    task = str(run.get("task") or "").rsplit("/", 1)[-1]
    if not model or not task:
        raise UnreadableError(f"{name} does not name its model and task")
    reading = Reading(f"Inspect: {task} by {model}")
    if found.get("status") != "success":
        raise UnreadableError(f"{name} is the log of a run that did not end well: {found.get('status')}")
    scores = [each for each in results.get("scores") or () if isinstance(each, Mapping)]
    several = len(scores) > 1
    total, done = results.get("total_samples"), results.get("completed_samples")
    limit = (run.get("config") or {}).get("limit")
    part = f"only {done:,} of {total:,} samples" if total and done is not None and done < total else ""
    part = part or (f"run with a limit of {limit}" if limit else "")
    epochs = (run.get("config") or {}).get("epochs") or 1
    day = str(run.get("created") or "")[:10]
    front = (results.get("headline") or {}).get("metric", "accuracy")
    for score in scores:
        metric = (score.get("metrics") or {}).get(front) or {}
        if not is_number(metric.get("value")):
            reading.faults.append(Fault(name, None, str(score.get("name", "")), f"has no {front}"))
            continue
        value = metric["value"]
        setting = ", ".join(
            ["Inspect", *([f"{epochs} epochs"] if epochs > 1 else []), *([score["name"]] if several else [])]
        )
        reading.scores.append(
            Reported(
                f"{task}, {score.get('name', front)}",
                model,
                f"{task} {score['name']}" if several else task,
                percentage(value),
                {"setting": setting} | ({"reported_on": day} if day else {}),
                refused=part or no_share(front, value),
            )
        )
    return reading


def inspect_header(name: str, raw: bytes) -> Mapping:
    """The header of an `.eval` log, which is a zip; raises UnreadableError."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as log, log.open("header.json") as file:
            text = file.read(LARGEST_HEADER + 1)
    except KeyError:
        raise UnreadableError(f"{name} has no header.json: the run did not end") from None
    except NotImplementedError:
        advice = "convert it with: inspect log convert --to json"
        raise UnreadableError(f"{name} is compressed in a way that this Python cannot read; {advice}") from None
    except (zipfile.BadZipFile, zlib.error, ZstdError, RuntimeError, OSError, EOFError) as error:
        raise UnreadableError(f"{name} is no log of Inspect: {error}") from None
    if len(text) > LARGEST_HEADER:
        raise UnreadableError(f"{name} has a header of more than {LARGEST_HEADER:,} bytes")
    found = read_json(name, text)
    return found if isinstance(found, Mapping) else {}


# --- which format is it ------------------------------------------------------------------------------------------------
def read_results(files: Mapping[str, bytes]) -> Iterator[Reading]:
    """Each file of lm-evaluation-harness or Inspect as a reading; raises UnreadableError for one that is neither."""
    for name, raw in files.items():
        found = inspect_header(name, raw) if name.endswith(".eval") else read_json(name, raw)
        if not isinstance(found, Mapping):
            raise UnreadableError(f"{name} is neither a result of lm-evaluation-harness nor a log of Inspect")
        if (isinstance(found.get("results"), Mapping) and isinstance(found.get("eval"), Mapping)) or isinstance(
            found.get("eval"), Mapping
        ):
            yield read_inspect(name, found)
        elif isinstance(found.get("results"), Mapping):
            yield read_lm_eval(name, found)
        else:
            raise UnreadableError(f"{name} is neither a result of lm-evaluation-harness nor a log of Inspect")
