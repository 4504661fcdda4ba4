"""The product's Python sources, read as text and as syntax trees, never imported."""

from __future__ import annotations

import ast
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def sources() -> dict[str, str]:
    """Path from the project's root -> source of the product's Python files."""
    files = [*PROJECT.glob("explore/**/*.py"), *PROJECT.glob("pages/**/*.py"), *PROJECT.glob("app.py")]
    return {file.relative_to(PROJECT).as_posix(): file.read_text(encoding="utf-8") for file in sorted(files)}


def imports(path: str, source: str) -> list[tuple[int, str]]:
    """Line and dotted name of everything imported anywhere in a source, `import_module("…")` included."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found += [(node.lineno, name) for name in names_of(path, node)]
        elif isinstance(node, ast.Call) and called(node).rpartition(".")[2] in {"import_module", "__import__"}:
            found += [(node.lineno, str(each.value)) for each in node.args[:1] if isinstance(each, ast.Constant)]
    return found


def calls(source: str) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]


def called(call: ast.Call) -> str:
    """The dotted name that is called, as far as it is a name: `st.markdown`, `.markdown` on an expression."""
    return ast.unparse(call.func) if isinstance(call.func, ast.Name | ast.Attribute) else ""


def names_of(path: str, node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    package = path.split("/")[: -node.level] if node.level else []
    start = ".".join([*package, *([node.module] if node.module else [])])
    return [f"{start}.{alias.name}" for alias in node.names]
