"""What the house rules promise and a machine can check: imports one way, clean templates, short commands, readable colours."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from html.parser import HTMLParser
from itertools import chain, pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SOURCES = sorted(
    path for app in ("benchlm", "comparisons") for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
)
# Pages that a mailed link opens: the link is the right to post, and a mail program that posts has no cookie.
OPENED_BY_TOKEN = [ROOT / "templates" / "newsletter" / name for name in ("confirm.html", "leave.html")]
FILES = [
    ROOT / name
    for name in subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    .stdout.rstrip("\0")
    .split("\0")
]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def tracked_text() -> list[tuple[Path, str]]:
    texts = []
    for path in FILES:
        if path.exists():
            content = path.read_bytes()
            if b"\0" not in content:
                texts.append((path, content.decode()))
    return texts


@cache
def imports(path: Path) -> set[str]:
    """Dotted names that a file imports; those of `from x import y` both as x and as x.y."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


# --- imports point one way ------------------------------------------------------------------------------------------
PURE = {  # and what of ours each may know
    "naming": set(),
    "figures": set(),
    "scoring": set(),
    "tradeoffs": {"figures"},
    "evidence": {"scoring"},
    "flips": {"evidence"},
    "heldout": {"evidence"},
    "news": {"tradeoffs", "evidence"},
    "verdicts": {"figures", "scoring", "tradeoffs", "evidence", "flips"},
}
DOORS = (
    "views",
    "admin",
    "admin_base",
    "admin_forms",
    "admin_filters",
    "admin_accounts",
    "admin_queues",
    "adminsite",
    "urls",
)  # nothing behind imports these
ABOVE = {  # what a module between the tables and the pages must not know
    "querysets": {"plain", "panels", "listings", "forms", "finding", "curation", "scoring", "verdicts", "tradeoffs"},
    "models": {
        "plain",
        "panels",
        "listings",
        "forms",
        "finding",
        "curation",
        "scoring",
        "verdicts",
        "tradeoffs",
        "importing",
    },
    "plain": {"panels", "listings", "forms", "finding", "curation", "importing"},
    "finding": {"listings", "forms", "curation", "importing"},
    "days": {"differences", "cells", "panels", "shortlists", "listings", "forms", "curation", "importing"},
    "differences": {"forms", "curation", "importing"},
    "timelines": {"days", "differences", "panels", "shortlists", "forms", "curation", "importing"},
    "links": {"cells", "panels", "shortlists", "listings", "forms", "curation", "importing"},
    "cells": {"panels", "shortlists", "listings", "forms", "curation", "importing"},
    "panels": {"shortlists", "listings", "forms", "curation", "importing"},
    "shortlists": {"listings", "forms", "curation", "importing"},
    "listings": {"forms", "curation", "importing"},
}


@pytest.mark.parametrize("name", [name for name in PURE if (ROOT / "comparisons" / f"{name}.py").exists()])
def test_pure_module_imports_the_standard_library_and_pure_modules_below_it(name):
    known = imports(ROOT / "comparisons" / f"{name}.py")
    arithmetic = {"numpy"} if name in ("evidence", "flips", "heldout") else set()
    assert {each.split(".")[0] for each in known} - sys.stdlib_module_names <= {"comparisons"} | arithmetic
    assert {each.split(".")[1] for each in known if each.startswith("comparisons.")} <= PURE[name]


@pytest.mark.parametrize("name", ABOVE)
def test_module_imports_nothing_that_is_built_on_it(name):
    known = imports(ROOT / "comparisons" / f"{name}.py")
    assert {each for each in ABOVE[name] if f"comparisons.{each}" in known} == set()


def test_nothing_imports_views_admin_or_a_command():
    allowed = {("urls", "views")}
    faults = []
    for path in SOURCES:
        for each in imports(path):
            last = each.rsplit(".", 1)[-1]
            ours = each.startswith(("benchlm", "comparisons"))
            if ours and ".management.commands" in each:
                faults.append((named(path), each))
            inside = path.stem.startswith("admin") and last.startswith("admin")
            if ours and last in DOORS and (path.stem, last) not in allowed and not inside:
                faults.append((named(path), each))
    assert faults == []


def test_comparisons_never_import_the_site_around_them():
    inside = [path for path in SOURCES if path.is_relative_to(ROOT / "comparisons")]
    known = {(named(path), each) for path in inside for each in imports(path)}
    assert [pair for pair in sorted(known) if pair[1].split(".")[0] in ("benchlm", "tests")] == []


# --- templates ------------------------------------------------------------------------------------------------------
class Markup(HTMLParser):
    """Start tags with their attributes, the text inside scripts and styles, how deep each tag stands."""

    VOID = frozenset(("area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"))

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.inline, self.roots, self.open = [], [], [], []
        self.feed(re.sub(r"{%.*?%}|{#.*?#}|{{.*?}}", "", text, flags=re.DOTALL))

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if not self.open:
            self.roots.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, text):
        if text.strip() and self.open and self.open[-1] in ("script", "style"):
            self.inline.append(text.strip())


@pytest.mark.parametrize("path", [path for path in TEMPLATES if path.parent.name != "mail"], ids=named)
def test_template_has_no_inline_script_or_style(path):
    markup = Markup(path.read_text())
    faults = [
        (tag, name)
        for tag, attributes in markup.tags
        for name, value in attributes.items()
        if name == "style" or name.startswith("on") or (value or "").lower().startswith("javascript:")
    ]
    faults += [("style", "") for tag, _ in markup.tags if tag == "style"]
    faults += [("script", "") for tag, attributes in markup.tags if tag == "script" and "src" not in attributes]
    assert (faults, markup.inline) == ([], [])


@pytest.mark.parametrize("path", [path for path in TEMPLATES if path not in OPENED_BY_TOKEN], ids=named)
def test_template_form_is_get_or_carries_its_token(path):
    text = path.read_text()
    faults = []
    for form in re.findall(r"<form\b.*?</form>", text, re.DOTALL):
        method = re.search(r'\bmethod="(\w+)"', form)
        if not method or method[1] not in ("get", "post") or (method[1] == "post") != ("{% csrf_token %}" in form):
            faults.append(form[:120])
    assert faults == []


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_template_names_no_host(path):
    """Our own addresses start with a slash or come from SITE_URL; others come from the data."""
    assert re.findall(r"https?://[^\s\"'<>]+|//[\w-]+\.[\w.-]+", path.read_text()) == []


@pytest.mark.parametrize("path", sorted((ROOT / "templates" / "panels").glob("*.html")), ids=named)
def test_panel_has_one_root_named_like_its_file(path):
    roots = Markup(path.read_text()).roots
    assert [attributes.get("id") for _, attributes in roots] == [path.stem]


# --- code -----------------------------------------------------------------------------------------------------------
def code_lines(path: Path) -> int:
    """Lines that are neither blank nor part of an import or a docstring."""
    text = path.read_text()
    tree, left_out = ast.parse(text), set()
    for node in ast.walk(tree):
        is_import = isinstance(node, ast.Import | ast.ImportFrom)
        is_docstring = (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        )
        if is_import or is_docstring:
            left_out |= set(range(node.lineno, node.end_lineno + 1))
    return sum(bool(line.strip()) and number not in left_out for number, line in enumerate(text.splitlines(), start=1))


@pytest.mark.parametrize(
    "path", sorted(path for path in SOURCES if path.parent.name == "commands" and path.stem != "__init__"), ids=named
)
def test_command_is_a_thin_one(path):
    assert code_lines(path) <= 25


def test_files_hold_no_note_to_self():
    notes = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b")
    assert [named(path) for path, text in tracked_text() if notes.search(text)] == []


def test_files_name_no_package_registry_and_no_path_of_a_machine():
    registries = (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "com"),
        ("npmjs", "org"),
        ("crates", "io"),
        ("unpkg", "com"),
    )
    hosts = [".".join(parts) for parts in registries]
    places = [f"/{folder}/" for folder in ("home", "root", "Users", "work")]
    marks = re.compile(
        "|".join(map(re.escape, hosts)) + "|" + "|".join(rf"(?<![\w.:/-]){re.escape(place)}\w" for place in places)
    )
    faults = [(named(path), found[0]) for path, text in tracked_text() if (found := marks.search(text))]
    assert faults == []


def test_tests_are_functions_without_doubles_of_our_own_code():
    faults = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        known = imports(path)
        if any(each.split(".")[0] == "mock" or each.startswith("unittest.mock") for each in known):
            faults.append((named(path), "mock"))
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                faults.append((named(path), node.name))
    assert faults == []


# --- the project's papers -------------------------------------------------------------------------------------------
TOP = {
    "manage.py", "pyproject.toml", "benchlm", "comparisons", "templates", "static", "tests",
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile", "requirements.txt", "requirements-dev.txt",
}  # fmt: skip


def test_top_level_is_the_agreed_one():
    found = {path.relative_to(ROOT).parts[0] for path in FILES}
    assert {name for name in found if not name.startswith(".")} - TOP == set()


@pytest.mark.parametrize("name", sorted(name for name in TOP if "." in name or name in ("LICENSE", "Makefile")))
def test_paper_of_the_project_is_there(name):
    path = ROOT / name
    assert path.is_file()
    assert path.read_text().strip() != ""


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_lock_file_pins_by_hash_and_names_no_index(name):
    text = (ROOT / name).read_text()
    entries = [
        line for line in re.sub(r"\\\n\s*", " ", text).splitlines() if line and not line.lstrip().startswith("#")
    ]
    assert entries != []
    assert [
        line[:80] for line in entries if not re.match(r"[\w.\[\],-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)
    ] == []
    assert re.findall(r"--(?:extra-)?index-url|--find-links|https?://", text) == []


def test_every_dependency_is_pinned_and_has_its_sentence():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lists = [
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        *project["dependency-groups"].values(),
    ]
    names = {re.match(r"[\w.-]+", each)[0].lower() for each in chain(*lists)}
    locked = {
        re.match(r"[\w.-]+", line)[0].lower()
        for line in (ROOT / "requirements-dev.txt").read_text().splitlines()
        if re.match(r"\w", line)
    } | {"redis"}  # offered to operators, used by no test
    contributing = (ROOT / "CONTRIBUTING.md").read_text().lower()
    silent = {name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", contributing)}
    assert (names - locked, silent) == (set(), set())


# --- colours --------------------------------------------------------------------------------------------------------
GROUNDS = ("paper", "surface", "sunken")
TEXT, SHAPE = 4.5, 3.0  # WCAG 2.2: contrast of text (1.4.3), of borders and focus marks (1.4.11)
PAIRS = {
    **{("ink", ground): TEXT for ground in (*GROUNDS, "a-wash", "b-wash", "warn-wash")},
    **{("muted", ground): TEXT for ground in (*GROUNDS, "a-wash", "b-wash", "warn-wash")},
    **{(model, ground): TEXT for model in "abcd" for ground in GROUNDS},
    ("a", "a-wash"): TEXT,
    ("b", "b-wash"): TEXT,
    **{("warn", ground): TEXT for ground in (*GROUNDS, "warn-wash")},
    **{("edge", ground): SHAPE for ground in GROUNDS},
    **{("focus", ground): SHAPE for ground in (*GROUNDS, "a-wash", "b-wash", "warn-wash")},
    ("paper", "ink"): TEXT,  # buttons and the badge
}


def tokens() -> dict[str, tuple[str, str]]:
    """Colour tokens of the style sheet: (light, dark) as six hex digits."""
    css = (ROOT / "static" / "css" / "site.css").read_text()
    found = re.findall(r"--([\w-]+):\s*light-dark\((#[0-9a-f]{3,6}),\s*(#[0-9a-f]{3,6})\)", css, re.IGNORECASE)
    return {name: tuple(six(colour) for colour in colours) for name, *colours in found}


def six(colour: str) -> str:
    digits = colour.removeprefix("#").lower()
    return digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_the_guideline_says():
    assert contrast("000000", "ffffff") == 21
    assert contrast("777777", "777777") == 1
    assert round(contrast("767676", "ffffff"), 2) == 4.54


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_can_be_read_on_every_ground(scheme):
    colours = {name: pair[scheme] for name, pair in tokens().items()}
    faults = {
        pair: round(found, 2)
        for pair, needed in PAIRS.items()
        if (found := contrast(*(colours[name] for name in pair))) < needed
    }
    assert faults == {}


def test_colours_of_the_style_sheet_are_all_tokens():
    css = (ROOT / "static" / "css" / "site.css").read_text()
    rules = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    rules = re.sub(r"--[\w-]+:[^;}]*", "", rules)
    assert (
        re.findall(
            r"(?<![\w&])#(?:[0-9a-f]{6}|[0-9a-f]{3})\b(?![^{}]*{)|rgba?\([^)]*\)|hsla?\([^)]*\)", rules, re.IGNORECASE
        )
        == []
    )


def test_layers_of_the_domain_are_all_there():
    layers = ("scoring", "verdicts", "panels", "assembly", "views")
    for lower, upper in pairwise(layers):
        assert f"comparisons.{lower}" in imports(ROOT / "comparisons" / f"{upper}.py")
