"""PURE: a figure as it is printed, together with the stored value that it was made of."""

from __future__ import annotations

import datetime
from decimal import Decimal

Stored = Decimal | float | int | datetime.date | tuple | None  # a tuple is the lower and upper end of a range


class Figure(str):
    """Text that remembers its value, so that pages print it and files for programs give both."""

    __slots__ = ("value",)
    value: Stored

    def __new__(cls, text: str, value: Stored) -> Figure:
        made = str.__new__(cls, text)
        made.value = value
        return made

    def __getnewargs__(self) -> tuple[str, Stored]:
        return str(self), self.value
