"""The rules of the house, read from the sources: each one is shown to catch a bad line before it is trusted."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sources import PROJECT, called, calls, imports, names_of, sources

Rule = Callable[[str, str], list[str]]

# Imports point towards the front of this list, or stay in their own room.
ROOMS = (
    ("errors", "progress", "files", "processes", "settings"),
    ("posts",),
    ("narratives",),
    ("casework",),
    ("present",),
    ("jobs", "commands", "cli", "session", "__main__"),
    ("pages",),
    ("app",),
)
# A stage of narratives/ knows the shared vocabulary and other stages' value types (CapWords), never their functions.
VOCABULARY = {"dispersion", "exposure", "history", "origins", "seal", "text", "tokens", "vectors", "windows"}
ASSEMBLERS = {
    "atlas": "places the narratives of a kept run on the map",
    "freezing": "turns what the stages made into a run's files",
    "pipeline": "calls the stages in order",
    "space": "calls the stages that lay the messages out",
    "topics": "weighs the words of narratives and has them labelled",
    "ranking": "scores the narratives of a kept run",
    "items": "tests the texts, links, tags and rare words of a kept run",
    "stories": "puts the findings of a kept run together",
    "stability": "groups samples of a kept run anew and compares",
    "lineage": "links the narratives of two kept runs",
    "chain": "puts kept runs in a row",
    "file_end": "looks where a kept run's posts can still be judged",
    "moments": "asks the list of a kept run again at every day or hour",
    "listing": "pages through the posts of a kept run's narrative",
    "replay": "asks the list of a kept run again at earlier moments",
    "lifeline": "follows a narrative's posts through kept runs",
    "wave": "measures since when and how large a kept run's narratives are",
    "outside": "counts what speaks of a kept run's narrative elsewhere",
    "evidence": "gathers what a narrative's page shows from a kept run",
    "spread": "gathers from a kept run who posted a narrative's texts together",
    "run": "the store itself, which reads and writes what the stages made",
}
ONLY_HERE = {
    "bertopic": ("explore/narratives/topics.py",),
    "umap": ("explore/narratives/layout.py",),
    "streamlit": ("explore/session/", "explore/present/pointmap/", "pages/", "app.py"),
}
HEAVY = {"umap", "bertopic", "hdbscan", "numba", "pynndescent", "torch", "sentence_transformers"}
CAN_RUN_CODE = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
AS_MARKUP = {
    *("markdown", "write", "caption", "title", "header", "subheader", "info", "success", "warning", "error"),
    *("expander", "toast", "popover", "tabs", "metric", "button", "checkbox", "radio", "pills", "latex", "badge"),
}
WRITTEN_BY_POSTERS = {"text", "tag", "link"}
LONGEST_MODULE, LONGEST_FUNCTION = 400, 60
ALLOWED_LENGTH: dict[str, str] = {}  # "path" or "path:function" -> why it may be longer
NEVER_IN_A_FILE = {
    "left for later": r"\b(?:TO[D]O|FIX[M]E|XX[X]|HAC[K])\b",
    "a path of one machine": r"(?:^|[\s'\"`(=:])/(?:wor[k]|tm[p]|roo[t]|hom[e]|User[s])/[\w.]",
    "the address of a package registry": r"\b(?:pyp[i]\.org|pythonhoste[d]|registr[y]\.npm|npmj[s]\.|deb\.debia[n])",
    "the name of a tool that made it": r"\.librar[y]\b/?",
}


# --- the rules: (path, source) -> what is wrong, one line each -------------------------------------------------------


def against_the_order(path: str, source: str) -> list[str]:
    """Imports of a later room, and modules that have no room."""
    here = _rank(path)
    if here is None:
        return [f"{path} has no place in ROOMS"]
    return [
        f"{path}:{line} imports {name}, which comes later in the house"
        for line, name in imports(path, source)
        if (there := _rank(name.replace(".", "/"))) is not None and there > here
    ]


def between_stages(path: str, source: str) -> list[str]:
    """Imports between the stages of narratives/ that are more than a value type."""
    room = "explore/narratives/"
    here = Path(path).stem
    if not path.startswith(room) or here in ASSEMBLERS:
        return []
    wrong = []
    for line, name in imports(path, source):
        stage, _, thing = name.removeprefix("explore.narratives.").partition(".")
        if not name.startswith("explore.narratives.") or stage in {here, *VOCABULARY}:
            continue
        if stage in ASSEMBLERS or not thing[:1].isupper() or thing.isupper():
            wrong.append(f"{path}:{line} imports {name}; stages share value types and meet in pipeline.py")
    return wrong


def outside_its_module(path: str, source: str) -> list[str]:
    """Libraries that one module keeps for itself."""
    return [
        f"{path}:{line} imports {name}; only {', '.join(ONLY_HERE[top])} may"
        for line, name in imports(path, source)
        if (top := name.partition(".")[0]) in ONLY_HERE and not path.startswith(ONLY_HERE[top])
    ]


def heavy_at_module_level(path: str, source: str) -> list[str]:
    """Libraries that take seconds to import, imported before they are needed."""
    body = [node for node in ast.parse(source).body if not _is_type_checking(node)]
    inside = {id(child) for node in body for each in ast.walk(node) if _is_function(each) for child in ast.walk(each)}
    return [
        f"{path}:{node.lineno} imports {name} at module level; import it in the function that needs it"
        for top in body
        for node in ast.walk(top)
        if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in inside
        for name in names_of(path, node)
        if name.partition(".")[0] in HEAVY
    ]


def runs_stored_code(path: str, source: str) -> list[str]:
    """pickle and its relatives."""
    wrong = [(line, f"imports {name}") for line, name in imports(path, source) if name.split(".")[0] in CAN_RUN_CODE]
    for call in calls(source):
        wrong += [(call.lineno, "allow_pickle=True") for key in call.keywords if _is_true(key, "allow_pickle")]
        wrong += [(call.lineno, f"calls {called}") for called in [called(call)] if called.endswith("_pickle")]
        wrong += [(call.lineno, 'persist="disk"') for key in call.keywords if key.arg == "persist"]
    return [f"{path}:{line} {what}: a stored file could run code" for line, what in wrong]


def raw_markup(path: str, source: str) -> list[str]:
    """Ways by which a post could reach the page as markup."""
    wrong = []
    for call in calls(source):
        if called(call) in {"st.html", "components.html", "st.components.v1.html", "st.iframe"}:
            wrong.append(f"{path}:{call.lineno} {called(call)}")
        wrong += [f"{path}:{call.lineno} {key.arg}" for key in call.keywords if key.arg == "unsafe_allow_html"]
    return wrong


def posts_as_markdown(path: str, source: str) -> list[str]:
    """Post text handed to a function that reads markdown (an image in it would be fetched)."""
    if not path.startswith(("pages/", "app.py", "explore/session/")):
        return []
    return [
        f"{path}:{call.lineno} {called(call)} shows what a poster wrote; use st.text, st.code or a table cell"
        for call in calls(source)
        if called(call).rpartition(".")[2] in AS_MARKUP
        for argument in [*call.args, *(key.value for key in call.keywords)]
        if any(_written_by_poster(node) for node in ast.walk(argument))
    ]


def swallowed_errors(path: str, source: str) -> list[str]:
    """Bare excepts, and broad ones that do nothing."""
    wrong = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ExceptHandler):
            continue
        broad = node.type is None or (isinstance(node.type, ast.Name) and node.type.id.endswith("Exception"))
        idle = all(isinstance(each, ast.Pass | ast.Continue) or _is_constant(each) for each in node.body)
        if node.type is None or (broad and idle):
            wrong.append(f"{path}:{node.lineno} an error is swallowed")
    return wrong


def too_long(path: str, source: str) -> list[str]:
    """Modules over 400 lines and functions over 60."""
    lengths = {path: (source.count("\n"), LONGEST_MODULE)} | {
        f"{path}:{node.name}": ((node.end_lineno or 0) - node.lineno + 1, LONGEST_FUNCTION)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    return [
        f"{where} has {lines} lines; {most} is the most"
        for where, (lines, most) in lengths.items()
        if lines > most and where not in ALLOWED_LENGTH
    ]


def never_in_a_file(path: str, text: str) -> list[str]:
    """Words that no committed file may hold."""
    return [
        f"{path}:{number} {what}: {line.strip()[:80]}"
        for number, line in enumerate(text.split("\n"), 1)
        for what, pattern in NEVER_IN_A_FILE.items()
        if re.search(pattern, line)
    ]


# --- each rule catches its bad line and lets the good one pass -------------------------------------------------------

CASES: list[tuple[Rule, str, str, str]] = [
    (against_the_order, "explore/posts/a.py", "from explore.narratives.run import Run", "from explore import files"),
    (against_the_order, "explore/files.py", "import explore.posts.schema", "from explore.errors import Refused"),
    (against_the_order, "explore/posts/a.py", "from ..present import words", "from .schema import FIELDS"),
    (against_the_order, "explore/jobs/a.py", "def f():\n    import pages.map", "from explore.present import words"),
    (between_stages, "explore/narratives/graph.py", "from explore.narratives import layout", "import numpy"),
    (
        between_stages,
        "explore/narratives/layout.py",
        "from explore.narratives.graph import nearest",
        "from explore.narratives.graph import Neighbours\nfrom explore.narratives.text import words",
    ),
    (
        between_stages,
        "explore/narratives/graph.py",
        "from explore.narratives.run import Run",
        "from explore.settings import Workspace",
    ),
    (outside_its_module, "explore/narratives/graph.py", "def f():\n    from umap import UMAP", "import faiss"),
    (outside_its_module, "explore/present/words.py", "import streamlit as st", "import altair as alt"),
    (
        heavy_at_module_level,
        "explore/a.py",
        "try:\n    import hdbscan\nexcept OSError: raise",
        "def f():\n import numba",
    ),
    (runs_stored_code, "explore/a.py", "import pickle", "import json"),
    (runs_stored_code, "explore/a.py", "np.load(f, allow_pickle=True)", "np.load(f, allow_pickle=False)"),
    (runs_stored_code, "explore/a.py", "pd.read_pickle(f)", "pd.read_parquet(f)"),
    (raw_markup, "pages/a.py", "st.html('<b>')", "st.text('<b>')"),
    (raw_markup, "pages/a.py", "st.markdown('x', unsafe_allow_html=True)", "st.markdown('x')"),
    (posts_as_markdown, "pages/a.py", "st.markdown(f'> {post[\"text\"]}')", "st.text(post['text'])"),
    (posts_as_markdown, "pages/a.py", "column.write(post.text)", "st.markdown(words.why(narrative))"),
    (swallowed_errors, "explore/a.py", "try: f()\nexcept: g()", "try: f()\nexcept OSError: pass"),
    (swallowed_errors, "explore/a.py", "try: f()\nexcept Exception: pass", "try: f()\nexcept Exception: g()"),
    (too_long, "explore/a.py", "a = 1\n" * 401, "a = 1\n" * 400),
    (too_long, "explore/a.py", "def f():\n" + "    a = 1\n" * 60, "def f():\n" + "    a = 1\n" * 59),
    (never_in_a_file, "a.md", "# TO" + "DO later", "# to do with it"),
    (never_in_a_file, "a.md", "see '/" + "work/data'", "see data/work/x"),
    (never_in_a_file, "a.lock", "https://pyp" + "i.org/simple", "https://example.org/simple"),
]


@pytest.mark.parametrize(("rule", "path", "bad", "good"), CASES)
def test_a_rule_catches_a_bad_line_and_passes_a_good_one(rule: Rule, path: str, bad: str, good: str) -> None:
    assert rule(path, bad)
    assert rule(path, good) == []


# --- and the project keeps them ---------------------------------------------------------------------------------------

SOURCE_RULES = sorted({rule for rule, *_ in CASES} - {never_in_a_file}, key=lambda rule: rule.__name__)


@pytest.mark.parametrize("rule", SOURCE_RULES, ids=lambda rule: rule.__name__)
def test_the_sources_keep_the_rule(rule: Rule) -> None:
    product = sources()
    assert len(product) > 20
    assert [wrong for path, source in product.items() for wrong in rule(path, source)] == []


def test_no_file_holds_leftovers_machine_paths_or_registry_addresses() -> None:
    texts = dict(_tracked_texts())
    assert "README.md" in texts
    assert [wrong for path, text in texts.items() for wrong in never_in_a_file(path, text)] == []


def test_every_allowed_length_is_still_needed() -> None:
    paths = {where.partition(":")[0] for where in ALLOWED_LENGTH}
    assert paths <= set(sources())


def test_the_web_process_imports_nothing_heavy() -> None:
    """Whatever app.py and the pages import, and every module of ours that they may call later, in a new interpreter."""
    product = sources()
    web = {name for path in product if not path.startswith("explore/") for _, name in imports(path, product[path])}
    theirs = {name.partition(".")[0] for name in web} - {"explore", "pages"}
    ours = {path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in product}
    runs_alone = re.compile(r"__main__|\.migrations\b")  # started by a person, and by alembic
    modules = theirs | {name for name in ours if name.startswith("explore") and not runs_alone.search(name)}
    code = f"import importlib, sys\nfor name in {sorted(modules)}: importlib.import_module(name)\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) & HEAVY == set()


# --- helpers ----------------------------------------------------------------------------------------------------------


def _tracked_texts() -> Iterator[tuple[str, str]]:
    """Every text file that is committed or would be."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    for name in filter(None, done.stdout.decode().split("\0")):
        file = PROJECT / name
        content = file.read_bytes() if file.is_file() else b"\0"
        if b"\0" not in content[:8192]:
            yield name, content.decode(errors="replace")


def _rank(path: str) -> int | None:
    """Place in ROOMS of a file or module; None for what is not ours. The package root itself comes first."""
    parts = path.removesuffix(".py").split("/")
    if parts[0] == "explore":
        parts = parts[1:]
        if not parts or parts[0] in {"__init__", "__version__"}:
            return 0
    elif parts[0] not in {"pages", "app"}:
        return None
    return next((rank for rank, room in enumerate(ROOMS) if parts[0] in room), None)


def _written_by_poster(node: ast.AST) -> bool:
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value in WRITTEN_BY_POSTERS
    return isinstance(node, ast.Attribute) and node.attr in WRITTEN_BY_POSTERS


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _is_constant(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_true(key: ast.keyword, name: str) -> bool:
    return key.arg == name and not (isinstance(key.value, ast.Constant) and key.value.value is False)
