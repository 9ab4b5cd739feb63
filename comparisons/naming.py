"""Names as people type and print them. Pure text: imports no Django."""

import re
import unicodedata

FOLDED = {"τ": "tau", "²": "2", "³": "3"}
WORDY = (("no reasoning", "none"), ("no thinking", "none"), ("low effort", "low"))


def plain(text: str) -> str:
    """Letters and digits as typed on any keyboard, lower case, words apart: `τ²-bench` gives `tau2 bench`.

    Plus signs are letters here (`Command A+` differs from `Command A`); every dash and dot is a space.
    """
    for written, typed in FOLDED.items():
        text = text.replace(written, typed)
    text = unicodedata.normalize("NFKD", text).casefold().replace("+", " plus ")
    return " ".join(re.findall(r"[^\W_]+", "".join(c for c in text if not unicodedata.combining(c))))


def slugify(text: str) -> str:
    """The slug of a name: `GPT-4.1 mini` gives `gpt-4-1-mini`, `Command A+` gives `command-a-plus`."""
    return "-".join(plain(text).encode("ascii", "ignore").decode().split())


def short_name(name: str, limit: int = 14) -> str:
    """A name of at most `limit` characters: brackets go, effort words shrink, the rest is cut with an ellipsis."""
    for long, short in WORDY:
        name = name.replace(f"({long})", short)
    name = re.sub(r"[()]", "", re.sub(r" (Instruct|preview)\b", "", name))
    return name if len(name) <= limit else name[: limit - 1].rstrip(" -.(") + "…"
