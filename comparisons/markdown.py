"""A document as Markdown: the page's figures and sentences as text that people and language models read alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from comparisons.documents import Document

MARKUP = re.compile(r"([\\`*_\[\]<>|&~#])")
LISTED = re.compile(r"^(\d*)([-+=.)])([-=]*)(?=\s|$)")  # what would begin a list or underline a heading


def as_markdown(kind: str, document: Document) -> str:
    """The document as text with headings and tables; names and notes are escaped, so that they stay text."""
    return "\n\n".join(block for block in BLOCKS[kind](document) if block) + "\n"


def text(value: object) -> str:
    """Any value as Markdown text on one line."""
    return LISTED.sub(r"\1\\\2\3", MARKUP.sub(r"\\\1", " ".join(str(value).split())))


def link(label: object, address: str | None) -> str:
    """A label with its address, which is cut off from the text around it whatever it holds."""
    if not address:
        return text(label)
    return f"[{text(label)}](<{address.translate({60: '%3C', 62: '%3E', 92: '%5C', 10: '', 13: ''})}>)"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells come escaped; an empty one is a dash."""
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    lines += [f"| {' | '.join(cell or '–' for cell in row)} |" for row in rows]
    return "\n".join(lines) if len(lines) > 2 else ""


def words(figure: Document | None, *, is_best: bool = False) -> str:
    """A figure with its likely range, bold where it is the best; empty where there is none."""
    if figure is None or not figure.get("text"):
        return ""
    said = text(figure["text"])
    said = f"**{said}**" if is_best else said
    return f"{said} ({text(figure['range'])})" if figure.get("range") else said


def _top(document: Document, *lines: str) -> list[str]:
    note = f"> {text(document['note'])}" if document["note"] else ""
    return [f"# {text(document['title'])}", note, *lines, f"{link('The page', document['url'])}, {document['date']}"]


def _names(document: Document) -> list[str]:
    return [text(model["name"]) for model in document["models"]]


def pair_blocks(document: Document) -> Iterator[str]:
    slugs, names, said = [model["slug"] for model in document["models"]], _names(document), document["verdict"]
    title = dict(zip(slugs, names, strict=True))
    yield from _top(document, text(document["coverage"]["text"]))
    front = document["readings"][document["reading"]]
    ahead = f": {title[front['leader']]}" if front["leader"] else ""
    yield f"**{text(front['call'])}{ahead}**. {text(front['title'])}: {text(front['said'])}."
    yield table(
        ["Reading", *names],
        [
            [text(each["title"]), *(words(each["figures"][s], is_best=s == each["leader"]) for s in slugs)]
            for each in document["readings"].values()
        ],
    )
    yield "## Verdict"
    yield text(said["pick"])
    yield "\n".join(f"- {text(sentence)}" for sentence in said["sentences"])
    yield from (f"> {text(note)}" for note in said["notes"])
    yield "## What would flip this"
    yield "\n".join(f"- **{text(f['condition'])}**: {text(f['answer'])}. {text(f['evidence'])}" for f in said["flips"])
    yield text(said["settling"] or "")
    yield "## By category"
    estimated = slugs if any(each["estimates"] for each in document["categories"]) else []
    estimates = [f"{title[slug]}, estimate" for slug in estimated]
    yield table(
        ["Category", *(f"{name}, average" for name in names), *estimates, "Evidence"],
        [
            [
                text(each["name"]),
                *(words(each["averages"][s], is_best=s == each["leader"]) for s in slugs),
                *(words((each["estimates"] or {}).get(s), is_best=s == each["estimate_leader"]) for s in estimated),
                text(each["evidence"]),
            ]
            for each in document["categories"]
        ],
    )
    yield from _operation(document, slugs, names)
    yield from _benchmarks(document, slugs, names)
    yield "## Questions"
    yield from (f"### {text(each['question'])}\n\n{text(each['answer'])}" for each in said["questions"])


def shortlist_blocks(document: Document) -> Iterator[str]:
    slugs, names = [model["slug"] for model in document["models"]], _names(document)
    yield from _top(document, text(document["coverage"]["text"]))
    rows = [["Average of its own tests", *(words(document["averages"][s]) for s in slugs)]]
    if document["estimates"]:
        rows.insert(0, ["Estimated score", *(words(document["estimates"][s]) for s in slugs)])
    rows += [[text(each["name"]), *(words(each["averages"][s]) for s in slugs)] for each in document["categories"]]
    yield table(["Figure", *names], rows)
    yield from _operation(document, slugs, names)
    yield from _benchmarks(document, slugs, names)
    yield "## Two at a time"
    yield "\n".join(f"- {link(each['title'], each['url'])}" for each in document["pairs"])


def _operation(document: Document, slugs: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    """Tradeoffs and the bill."""
    yield "## Operator tradeoffs"
    rows = []
    for each in document["tradeoffs"]:
        values = [each["values"][slug] for slug in slugs]
        cells = [
            (link(v["text"], v["source_url"]) if v["text"] else text(v["missing"]))
            + (f" ({text(v['detail'])})" if v["detail"] else "")
            for v in values
        ]
        label = text(each["label"]) + (f", {text(each['unit'])}" if each["unit"] else "")
        rows.append([label, *cells, *([text(each["edge_text"])] if "edge_text" in each else [])])
    has_edge = bool(document["tradeoffs"]) and "edge_text" in document["tradeoffs"][0]
    yield table(["Property", *names, *(["Edge"] if has_edge else [])], rows)
    bill = document["bill"]
    yield "## The bill"
    yield f"{text(bill['workload'])}. {text(bill['edge'] or '')}".strip()
    rows = [[text(line["label"]), *(words(line["amounts"][s]) for s in slugs)] for line in bill["lines"]]
    rows.append(
        ["Together", *(link(bill["models"][s]["total"]["text"], bill["models"][s]["source_url"]) for s in slugs)]
    )
    yield table(["Dollars a month", *names], rows)


def _benchmarks(document: Document, slugs: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    yield "## Every benchmark"
    rows, categories = [], {each["slug"]: each["name"] for each in document["categories"]}
    for each in document["benchmarks"]:
        label = text(each["name"]) + (f" ({text(each['remark'])})" if each["remark"] else "")
        rows.append([text(categories[each["category"]]), label, *(_score(each["scores"][slug]) for slug in slugs)])
    yield table(["Category", "Benchmark", *names], rows)


def _score(score: Document | None) -> str:
    """A displayed score with its source and what must be known about it."""
    if score is None:
        return ""
    remarks = [remark for remark in ("unconfirmed" if score["unconfirmed"] else "", score["remark"]) if remark]
    return link(score["text"], score["source_url"]) + (f" ({text('; '.join(remarks))})" if remarks else "")


STANDING = ("average", "coverage", "input_price", "output_price", "context", "released")


def leaderboard_blocks(document: Document) -> Iterator[str]:
    yield from _top(document, text(document["age_note"] or ""))
    heads = ["Rank", "Likely rank", "Model", "Maker", "Estimated score", "Tests", "Average", "Weight tested"]
    heads += ["Input $/M", "Output $/M", "Context", "Released", "Remark"]
    yield table(
        heads,
        [
            [
                str(each["rank"] or ""),
                words(each["likely_rank"]),
                link(each["name"], each["url"]),
                text(each["creator"]),
                words(each["estimate"]),
                str(each["tests"]),
                *(words(each[name]) for name in STANDING),
                text(each["remark"] or ""),
            ]
            for each in document["models"]
        ],
    )


def model_blocks(document: Document) -> Iterator[str]:
    rank = f"rank {document['rank']} of {document['ranked']}" if document["rank"] else "not ranked"
    score = f"Estimated score {words(document['estimate'])}. " if document["estimate"] else ""
    average = f"Average of its own tests {words(document['average'])}. " if document["average"] else ""
    yield from _top(
        document, f"{text(document['creator'])}. {score}{average}{rank.capitalize()}. {text(document['tested'])}."
    )
    yield "## By category"
    yield table(
        ["Category", "Estimate", "Average", "Weight tested"],
        [
            [text(each["name"]), words(each["estimate"]), words(each["average"]), words(each["coverage"])]
            for each in document["categories"]
        ],
    )
    yield "## Every score"
    categories = {each["slug"]: each["name"] for each in document["categories"]}
    yield table(
        ["Category", "Benchmark", "Score"],
        [
            [text(categories[each["category"]]), text(each["name"]), _score(each["score"])]
            for each in document["scores"]
        ],
    )
    yield "## Offers"
    yield table(
        ["Host", "Kind", "Input $/M", "Output $/M", "Cached input $/M", "Since"],
        [
            [
                link(each["host"], each["source_url"]),
                text(each["kind"]),
                *(words(each[name]) for name in ("input", "output", "cached_input", "since")),
            ]
            for each in document["offers"]
        ],
    )
    yield "## Speed"
    yield (
        table(
            ["Host", "Output", "First token", "Measured"],
            [
                [
                    link(each["host"], each["source_url"]),
                    *(words(each[name]) for name in ("output_speed", "first_token", "measured")),
                ]
                for each in document["snapshots"]
            ],
        )
        or "N/A: no sourced snapshot of this exact model."
    )
    yield "## Limits, licence, life cycle"
    facts = [*document["facts"], *document["life"]]
    yield "\n".join(f"- {text(each['label'])}: {text(each['text'] or each['missing'])}" for each in facts)
    yield "## History"
    yield _log(document["changes"])


def benchmark_blocks(document: Document) -> Iterator[str]:
    yield from _top(document, text(document["description"] or ""), f"{text(document['spread'])}.")
    yield "\n".join(f"- {text(each['label'])}: {text(each['text'])}" for each in document["facts"])
    yield table(
        ["Rank", "Model", "Score", "0 to 100"],
        [
            [str(each["rank"] or ""), text(each["name"]), _score(each["score"]), words(each["scaled"])]
            for each in document["models"]
        ],
    )


def changes_blocks(document: Document) -> Iterator[str]:
    yield from _top(document)
    yield _log(document["changes"])


def _log(changes: Iterable[Document]) -> str:
    lines = []
    for each in changes:
        moved = (
            f": {text(each['old'] or 'none')} to {text(each['new'] or 'none')}" if each["old"] or each["new"] else ""
        )
        reason = f". {text(each['reason'])}" if each["reason"] else ""
        source = f" ({link('source', each['source_url'])})" if each["source_url"] else ""
        lines.append(f"- {each['at'][:10]} {text(each['subject'])}{moved}{reason}{source}")
    return "\n".join(lines) or "Nothing has changed yet."


def error_blocks(document: Document) -> Iterator[str]:
    yield f"# {text(document['error'])}"
    yield "\n".join(f"- {link(each['name'], each['url'])}" for each in document["suggestions"])


BLOCKS: dict[str, Callable[[Document], Iterator[str]]] = {
    "pair": pair_blocks,
    "shortlist": shortlist_blocks,
    "leaderboard": leaderboard_blocks,
    "model": model_blocks,
    "benchmark": benchmark_blocks,
    "changes": changes_blocks,
    "error": error_blocks,
}
