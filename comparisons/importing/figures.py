"""A figure as people print it, read into a plain number: what was left out is said, and what could be two things is refused."""

import re
import unicodedata
from dataclasses import dataclass

BLANKS = {"", "-", "--", "—", "–", "−", "‐", "n/a", "na", "n.a.", "none", "null", "?", "tbd", "…", "..."}
MARKS = "*†‡§¶#^"
SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹ᵃᵇᶜᵈᵉᶠ"
PLAIN = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?\Z")
GROUPED = re.compile(r"-?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?\Z")
SPREAD = re.compile(r"(.*?)\s*[({\[]?\s*(?:±|\+/-|\+-|\\pm)\s*([0-9]+(?:\.[0-9]+)?)\s*%?\s*[)}\]]?\s*(%?)\Z")
NOTE = re.compile(r"(.*[0-9%])\s*\[[0-9a-z]{1,3}\]\Z")


@dataclass(frozen=True)
class Figure:
    """A cell as read. `text` is the plain number, empty where the cell holds none; `said` names what was left out.

    `refused` says why the cell cannot be read; `spread` is the ± of the source, `mark` a footnote's.
    """

    text: str = ""
    said: tuple[str, ...] = ()
    refused: str = ""
    spread: str = ""
    is_percent: bool = False
    is_dollar: bool = False

    @property
    def is_blank(self) -> bool:
        return not self.text and not self.refused


def read_figure(cell: str) -> Figure:
    """What a cell of a pasted table says."""
    written = " ".join(unicodedata.normalize("NFC", cell).split())
    text, said = unmarked(written)
    if text.casefold() in BLANKS:
        return Figure(said=("no score",))
    spread = ""
    if found := SPREAD.match(text):
        text, spread, sign = found[1].strip(), found[2], found[3]
        text += sign if not text.endswith("%") else ""
        said.append(f"± {spread} is kept as the note")
    while text and (text[-1] in MARKS or text[-1] in SUPERSCRIPTS):
        said.append(f"the mark {text[-1]} is left out: read its footnote")
        text = text[:-1].rstrip()
    if found := NOTE.match(text):
        said.append(f"the mark {text[len(found[1]) :].strip()} is left out: read its footnote")
        text = found[1]
    is_percent, is_dollar = text.endswith("%"), text.startswith(("$", "-$"))
    text = text.removesuffix("%").rstrip()
    text = text.replace("$", "", 1).strip() if is_dollar else text
    if text.startswith("−"):
        text = "-" + text[1:]
    if GROUPED.match(text):
        said.append(f"{text} is read as {text.replace(',', '')}")
        text = text.replace(",", "")
    if not PLAIN.match(text) or len(text) > 40:
        return Figure(refused=why_not(text or written))
    return Figure(text, tuple(said), spread=spread, is_percent=is_percent, is_dollar=is_dollar)


def unmarked(text: str) -> tuple[str, list[str]]:
    """Without the marks by which Markdown shows bold, italic and code."""
    for mark in ("**", "__", "*", "_", "`"):
        if len(text) > 2 * len(mark) and text.startswith(mark) and text.endswith(mark):
            return unmarked(text[len(mark) : -len(mark)].strip())[0], ["bold or italic is left out"]
    return text, []


def why_not(text: str) -> str:
    """Why a text is not one number, in words that say how to write it."""
    shown = text if len(text) <= 40 else f"{text[:40]}…"
    if re.match(r"-?[0-9]+,[0-9]+\Z", text):
        whole, part = text.split(",")
        return f"{shown} may mean {whole}.{part} or {whole}{part}: write a decimal point, or no comma"
    if re.match(r"[~≈<>≤≥]", text):
        return f"{shown} is not an exact figure"
    if re.match(r"[0-9.]+\s*/\s*[0-9.]+\Z", text):
        return f"{shown} is a fraction: write the figure that the benchmark counts"
    if re.match(r"[0-9.]+\s*(?:-|–|—|to)\s*[0-9.]+\Z", text):
        return f"{shown} is a range: write one figure"
    if re.match(r"-?[0-9]{1,3}(?:[ .'][0-9]{3})+\Z", text) or re.match(r"[0-9.]+,[0-9]+\Z", text):
        return f"{shown} is grouped in a way that can be read twice: write the digits without groups"
    return f"{shown} is not a plain number"
