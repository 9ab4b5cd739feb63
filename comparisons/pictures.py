"""The picture of a pair: a card in SVG to embed, and the same as PNG for sites that show a picture with a link."""

from __future__ import annotations

import logging
import re
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import resvg_py
from django.conf import settings
from django.template.loader import render_to_string

from comparisons.cells import Side
from comparisons.panels import PairPage

logger = logging.getLogger(__name__)
MEDIA = {"png": "image/png", "svg": "image/svg+xml"}
WIDTH, HEIGHT = 1200, 630
EDGE, COLUMN = 64, 510  # empty space around, width of one model's half
FONT = Path(__file__).parent / "fonts" / "Inter-SemiBold.otf"
MOST_KEPT = 2_000  # drawn pictures, of about 40 KB each
NAME_SIZES, CALL_SIZES, NOTE_SIZES = (60, 50, 42, 34), (32, 28, 24, 21), (22, 20, 18)
NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Advance widths of the font's letters from space to tilde, in hundredths of its size.
ADVANCES = (
    25, 31, 40, 65, 65, 85, 67, 22, 40, 40, 55, 68, 30, 47, 30, 38, 67, 49, 63, 66, 67, 64, 65, 59, 65, 65, 30, 30,
    68, 68, 68, 55, 100, 73, 66, 75, 73, 61, 59, 76, 75, 28, 57, 68, 57, 91, 75, 78, 65, 78, 66, 65, 66, 74, 73,
    101, 70, 71, 66, 40, 38, 40, 49, 47, 50, 58, 64, 58, 64, 60, 38, 63, 62, 27, 27, 57, 27, 90, 61, 61, 63, 63, 40,
    55, 38, 61, 58, 84, 57, 58, 57, 40, 36, 40, 68,
)  # fmt: skip
OTHERS = 115  # no other letter of it is wider, but for a few signs of money


@dataclass(frozen=True, slots=True)
class Column:
    """One model's half of the card."""

    mark: str
    x: int
    creator: str
    name: tuple[tuple[int, str], ...]  # baseline and text of each line
    size: int
    figure: str
    span: str
    badge: str
    badge_x: int
    badge_middle: int
    badge_width: int


def card(page: PairPage) -> str:
    """The pair in the reading that stands in front, as an SVG document without links, scripts or styles."""
    front = page.front
    call_size, call = fitted(_call(page), WIDTH - 2 * EDGE, CALL_SIZES, most=1)
    note_size, note = fitted(page.coverage, WIDTH - 2 * EDGE, NOTE_SIZES, most=1)
    context = {
        "columns": [_column(side, x) for side, x in zip(page.sides, (EDGE, WIDTH - EDGE - COLUMN), strict=True)],
        "marks": [
            (side.mark, *_places(place, span))
            for side, place, span in zip(page.sides, front.positions, front.ranges, strict=True)
            if place
        ],
        "day": page.day,
        "call": call[0],
        "call_size": call_size,
        "note": note[0],
        "note_size": note_size,
        "alt": clean(said(page)),
    }
    return render_to_string("comparisons/card.svg", context)


def said(page: PairPage) -> str:
    """The card in one line of words, for those who do not see it."""
    figures = [f"{side.name} {side.figure or 'no figure'}" for side in page.sides]
    return f"{', '.join(figures)}. {_call(page)}. {page.coverage}"


def _call(page: PairPage) -> str:
    front = page.front
    is_said = front.leader in ("a", "b") or front.badge.lower() in front.said.lower()
    return f"{front.title}: {front.said}" if is_said else f"{front.badge}. {front.title}: {front.said}"


def _column(side: Side, x: int) -> Column:
    size, lines = fitted(side.name, COLUMN, NAME_SIZES, most=2)
    first = 238 if len(lines) == 1 else 222
    figure = clean(side.figure)
    badge_x, badge_width = x + round(width_of(figure, 132)) + 24, round(width_of(side.badge, 26)) + 36
    return Column(
        mark=side.mark,
        x=x,
        creator=fitted(side.creator, COLUMN - 36, (24,), most=1)[1][0],
        name=tuple((first + round(number * size * 1.15), line) for number, line in enumerate(lines)),
        size=size,
        figure=figure,
        span=f"likely range {side.span}" if side.span else "",
        badge=side.badge,
        badge_x=badge_x,
        badge_middle=badge_x + badge_width // 2,
        badge_width=badge_width,
    )


def _places(place: str, span: tuple[str, str] | None) -> tuple[float, float, float]:
    """Where a figure and the ends of its range stand on the card's line from 0 to 100."""
    across = WIDTH - 2 * EDGE
    ends = span or (place, place)
    return tuple(round(EDGE + across * float(each) / 100, 1) for each in (place, *ends))


# --- text in a space ------------------------------------------------------------------------------------------------
def clean(text: str) -> str:
    """Text on one line without the characters that XML cannot hold."""
    return NOT_XML.sub("", " ".join(text.split()))


def width_of(text: str, size: float) -> float:
    """How wide a text is at most, in the units of its size; an accent takes no place."""
    letters = (each for each in unicodedata.normalize("NFD", text) if not unicodedata.combining(each))
    return size * sum(ADVANCES[ord(each) - 32] if " " <= each <= "~" else OTHERS for each in letters) / 100


def fitted(text: str, width: int, sizes: Sequence[int], *, most: int) -> tuple[int, tuple[str, ...]]:
    """The largest of the sizes at which the whole words of a text fit on `most` lines, and its lines.

    At the smallest size words are broken, and what still does not fit ends in dots.
    """
    words = clean(text).split(" ")
    for size in sizes:
        lines = _lines(words, width / size)
        if len(lines) <= most and all(width_of(line, size) <= width for line in lines):
            return size, lines
    pieces = [piece for word in words for piece in _pieces(word, width / size)]
    lines = _lines(pieces, width / size)
    if len(lines) <= most:
        return size, lines
    last = lines[most - 1]
    while width_of(f"{last}…", size) > width:
        last = last[:-1]
    return size, (*lines[: most - 1], f"{last.rstrip()}…")


def _lines(words: Sequence[str], width: float) -> tuple[str, ...]:
    """Words in lines of a width; a word that is wider has a line of its own."""
    lines = [words[0]]
    for word in words[1:]:
        if width_of(f"{lines[-1]} {word}", 1) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return tuple(lines)


def _pieces(word: str, width: float) -> Iterator[str]:
    """A word in pieces that are no wider than a line."""
    piece = ""
    for letter in word:
        if piece and width_of(piece + letter, 1) > width:
            yield piece
            piece = ""
        piece += letter
    yield piece


# --- drawing --------------------------------------------------------------------------------------------------------
_drawing = threading.Lock()


def png(svg: str) -> bytes:
    """The card as PNG, drawn once for every text of it and kept in the state folder."""
    path = settings.STATE_DIR / "pictures" / f"{sha256(f'{settings.RELEASE}{svg}'.encode()).hexdigest()}.png"
    with _drawing:
        try:
            return path.read_bytes()
        except OSError:
            drawn = resvg_py.svg_to_bytes(svg_string=svg, font_files=[str(FONT)], skip_system_fonts=True)
            _keep(path, drawn)
            return drawn


def _keep(path: Path, drawn: bytes) -> None:
    """Store a picture where other processes find it; a folder that cannot be written costs time, not the answer."""
    try:
        path.parent.mkdir(exist_ok=True)
        kept = sorted(path.parent.glob("*.png"), key=lambda each: each.stat().st_mtime)
        for each in kept[: max(len(kept) - MOST_KEPT + 1, 0)]:
            each.unlink(missing_ok=True)
        half = path.with_suffix(f".{threading.get_native_id()}")
        half.write_bytes(drawn)
        half.replace(path)
    except OSError as error:
        logger.warning("A picture could not be kept: %s", error)
