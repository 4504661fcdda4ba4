"""What programs put in front of each line of a file, or around its lines, on its way here; and how to take it off.

Left in place it becomes a part of the first column: ids would be "+1000", or there would be no column of ids at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from explore.errors import Refused, brief
from explore.posts.names import NAMES, plain_name

_WRAPPED = (
    (
        re.compile(r"version https://git-lfs"),
        "is a pointer of Git LFS and not the file itself; fetch that with: git lfs pull",
    ),
    (
        re.compile(r"HTTP/\d"),
        "begins with what a web server says of its answer (curl -i); delete all above the first empty line, for "
        "example with: sed '1,/^\\r*$/d' FILE",
    ),
    (
        re.compile(r"""[^\s"'{}\[\],]+:(?:\d+:)?\{\s*\""""),
        "has the name of a file in front of each line, as grep writes it; say grep -h, or take it off with: "
        "sed 's/^[^{]*//' FILE",
    ),
    (re.compile(r'"\{\s*\\"'), "holds JSON packed into a string in each line; unpack it with: jq -c fromjson FILE"),
    (
        re.compile(r"[0-9a-fA-F]{1,8}\s*\n\{\s*\""),
        "has a number above a post, as a web server puts it between pieces of an answer; keep the posts with: "
        "grep '^{' FILE",
    ),
)
_USUAL = frozenset(plain_name(one) for names in NAMES.values() for one in names)
_DIFF = re.compile(
    r"(?:diff |Index: |--- )[^\n]*\n(?:[^\n]*\n){0,5}?@@ -\d|@@ -\d+(?:,\d+)? \+\d|[\d,]+[acd][\d,]+\r?\n[<>] "
)
_DIFF_SIGNS = "+- @\\"  # begin the lines of a diff: added, deleted, both, a place, a remark
_NAME = re.compile(r"""(?<=[:>\s|+-])["']?(\w+)["']?\s*(?=[,;|\t]|$)""")
_IN_FRONT = re.compile(r"""[^,;"'{]*""")
_LOOKED_AT = 50  # lines
_FEWEST = 3  # lines
_LONGEST = 80  # characters of a pattern that a person can check


def refuse_wrapped(text: str, name: str) -> None:
    """Raise Refused for the beginning of a file whose lines are wrapped, or each have something in front of them."""
    for begins, says in _WRAPPED:
        if begins.match(text.lstrip()):
            raise Refused(f"'{name}' {says}")
    lines = [line for line in text.splitlines()[:_LOOKED_AT] if line.strip()]
    if _DIFF.match(text) or _is_diff_without_head(lines):
        mend = "s/^> //p" if text[0].isdigit() else "/^+++ /d;s/^[+ ]//p"
        raise Refused(
            f"'{name}' is a diff, with a sign or a blank in front of each line; load the file it was made of, or keep "
            f"the lines that it shows or adds with: sed -n '{mend}' FILE"
        )
    if prefix := _prefix(lines):
        pattern = _as_pattern(prefix, for_sed=True)
        mend = f", for example with: sed -E 's/^{pattern}//' FILE" if len(pattern) < _LONGEST else ""
        raise Refused(
            f"'{name}' has something in front of each line ('{brief(prefix)}'), as grep -n, mails and logs put there; "
            f"take it off{mend or '.'}"
        )


def _is_diff_without_head(lines: Sequence[str]) -> bool:
    """Whether each line, that of the column names too, begins with a sign of a diff, and one is added or deleted."""
    signs = {line[0] for line in lines}
    if len(lines) < _FEWEST or not {"+", "-"} & signs or not signs <= {*_DIFF_SIGNS}:
        return False
    return _first_name(lines[0]) == 1 or lines[0].startswith('{"', 1)


def _prefix(lines: Sequence[str]) -> str:
    """What stands in front of the first name, or object, and, but for its numbers, of every line; "" for nothing."""
    if len(lines) < _FEWEST:
        return ""
    bare = _IN_FRONT.match(lines[0])
    is_object = bare is not None and lines[0].startswith('{"', bare.end())
    prefix = bare[0] if bare and is_object else lines[0][: _first_name(lines[0])]
    alike = re.compile(_as_pattern(prefix))
    return prefix if prefix.strip() and all(alike.match(line) for line in lines[1:]) else ""


def _first_name(line: str) -> int:
    """Where the first usual name of a column stands in the first cell of a line; 0 where nothing is in front of it."""
    front = _IN_FRONT.match(line)
    end = front.end() if front else 0
    return next((m.start() for m in _NAME.finditer(line) if m.start() <= end and plain_name(m[1]) in _USUAL), 0)


def _as_pattern(prefix: str, *, for_sed: bool = False) -> str:
    """A pattern of the same signs with any numbers and blanks; for sed between slashes, with -E."""
    pattern = re.sub(r"[.^$*+?()\[\]{}|\\" + ("/" if for_sed else "") + "]", r"\\\g<0>", prefix)
    pattern = re.sub(r"^ *\d+", " *[0-9]+", pattern)
    pattern = re.sub(r"(?<!\[)(?<!0-)\d+", "[0-9]+", pattern)
    return pattern.replace("\t", r"\t")
