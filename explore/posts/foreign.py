"""Text files that are none of ours: what they are, and how to get posts out of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from explore.errors import Refused, brief
from explore.posts.names import NAMES
from explore.posts.sources import PICKLE

_RULE = r"[|+\s]*:?[-=]{3,}:?(?:\s*[|+]\s*:?[-=]{3,}:?)*[|+\s]*"
_SQL = re.compile(  # possessive and atomic, so that no remark is read twice in another way
    r"(?:--[^\n]*+\n|/\*(?>.*?\*/);?|\s)*+"
    r"(?:CREATE\s+(?:TABLE|DATABASE|SCHEMA)|INSERT\s+(?:INTO|OR)|DROP\s+TABLE|LOCK\s+TABLES|BEGIN(?:\s+TRANSACTION)?;"
    r"|PRAGMA\s+\w+|USE\s+[`\w]+;|COPY\s+[\w.\"]+\s*\(|SET\s+\w+\s*=)",
    re.IGNORECASE | re.DOTALL,
)
_DUMP = re.compile(r"--[-\s]*(?:MySQL|MariaDB|PostgreSQL|phpMyAdmin|SQLite)[^\n]*", re.IGNORECASE)
_BOX_RULE = re.compile(r"[\s\u2500-\u257f]*+")  # of the signs that draw boxes: "┌────┬──────┐"
_BOX_CROSSING = re.compile("[\u2500\u2501\u2550]{2,}[┼┿╂╋╪╫╬]")  # between two columns, below their names
_R_HEADER = re.compile(r'"[^"\n]*"(?: "[^"\n]*")+\s*')
_SIGN = re.compile(r"([^\w\s\"'.,;|\t-])\1*|\|{2,}|;{2,}|,{2,}|\t{2,}")
_SCRIPT = re.compile(r"(?:(?:window|var|let|const)[.\s][\w.$]+\s*=\s*|[\w.$]+\()[\[{]")
_RECORD_SIGNS = {  # RS, and the sign that shows it -> how to put line feeds in their place
    "\x1e\n": "tr -d '\\036' < FILE",
    "\x1e": "tr '\\n\\036' ' \\n' < FILE",
    "\u241e": "sed -z 's/\\n/ /g;s/\u241e/\\n/g;s/\u241f/\\x1f/g' FILE",
}
_LABEL = re.compile(r"([A-Za-z_][\w.-]*)([:=])(?!//)")
_PICKLE = re.compile(r"\((?:l|d|lp\d+|dp\d+)\r?\n|c[\w.]+\r?\n[\w.]+\r?\n[p(]")  # of protocol 0, which is text
_CHAT_LINE = (  # "[01/05/2024, 10:00:00] Ann: words" of a telephone, "01/05/2024, 10:00 - Ann: words" of another
    r"\u200e?\[?\d{1,4}[./-]\d{1,2}[./-]\d{1,4},? \d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:\s?[AaPp]\.?\s?[Mm]\.?)?(?:\]| -) "
)
_NAMED = (  # how files begin that are often handed over and hold no rows -> what they are, and the way to posts
    (_CHAT_LINE, "is a chat as WhatsApp exports it, which has no columns; make a table of time, sender and text of it"),
    (
        r"(?:\[\s*)?\{'\w+'\s*:",
        "holds what Python prints of its objects, with single quotes; write each with json.dumps instead",
    ),
    (
        r"(?:---\s*\n)?- [\w\"']+:(?: [^\n]*)?\n  [\w\"']+:",
        "is YAML; write one post a line as JSON, for example with: yq -o=json -I=0 '.[]' FILE",
    ),
    (
        r"\*{9,} 1\. row \*{9,}",
        "is a table as mysql prints it with \\G, a line for each cell; export it as CSV",
    ),
    (
        r"From \S+@\S+ [^\n]*\d{4}\r?\n|(?:[\w-]+: [^\n]*\n)+(?<=\n)Subject: ",
        "holds mails; write a table of them as CSV",
    ),
    (r"WARC/\d", "is an archive of web pages (WARC); take the posts out of the pages and write them as CSV or JSONL"),
    (
        r"-----BEGIN PGP|age-encryption\.org/|-----BEGIN AGE|\$ANSIBLE_VAULT",
        "is encrypted or signed; have it decrypted, and load what comes out",
    ),
    (
        r"([A-Za-z0-9+/]{60,76})\r?\n(?:[A-Za-z0-9+/]{60,76}\r?\n)*[A-Za-z0-9+/]*={0,2}\s*\Z",
        "is written in base64, as attachments of mails are; decode it with: base64 -d FILE",
    ),
)
_LABEL_GAP = r" (?=[A-Za-z_][\w.-]*=)"
_RARE = frozenset("~¦§¬¶·•!#*")  # signs that separate columns now and then; others are too common in plain texts
_SIGNS = (",", ";", "\t", "|")
_OTHER_QUOTE = r"""\s+["']|\s*['“„«‘`]"""
_USUAL = frozenset(re.sub(r"[\W_]+", "", one) for names in NAMES.values() for one in names)
_MAIL_LINE, _MAIL_SIGN = 76, re.compile(r"=(?:3D|[C-F][0-9A-F]=)")  # of quoted-printable: characters, what it writes
_FROM_LABELS = """jq -Rc 'split("\\t")|map(split("=")|{(.[0]):(.[1:]|join("="))})|add' FILE"""
_FEWEST_LABELS = 2  # in the first line
_FEWEST_NAMES = 3  # usual names that make a line the column names
_LONGEST_NAME = 60  # characters; the cells of a post's line are longer
_FEW = 20  # lines that are looked at


def refuse_foreign_text(text: str, name: str) -> None:
    """Raise Refused for the beginning of a file that is a table, a dump or a document of another kind."""
    lines = text.splitlines()[:_FEW]
    if text.startswith("{\\rtf"):
        raise Refused(f"'{name}' is a document of a word processor (RTF); save the table in it as CSV.")
    if text.startswith("<"):
        raise Refused(f"'{name}' is a web page or XML, not posts; export them as CSV, JSONL or Parquet.")
    if sum(len(line) == _MAIL_LINE and line.endswith("=") for line in lines) > 1 and _MAIL_SIGN.search(text):
        raise Refused(
            f"'{name}' is written as mails are (quoted-printable, '=C3=A9' for 'é'); decode it, for example with: "
            "python3 -m quopri -d FILE"
        )
    for begins, says in _NAMED:
        if re.match(begins, text):
            raise Refused(f"'{name}' {says}.")
    if _PICKLE.match(text):
        raise Refused(f"'{name}' is {PICKLE}.")
    _refuse_record_signs(text, name)
    _refuse_labels(lines, name)
    if _SCRIPT.match(text):
        raise Refused(
            f"'{name}' is a script around JSON, as archives of accounts are; remove what stands before the first "
            "bracket and write one post a line, for example with: sed '1s/^[^[]*//' FILE | jq -c '.[]'"
        )
    if _DUMP.match(text) or _SQL.match(text):
        raise Refused(
            f"'{name}' is a dump of a database (SQL); export the table of the posts as CSV, "
            r"for example with: \copy posts TO 'posts.csv' CSV HEADER"
        )
    if lines and _is_rule(lines):
        raise Refused(f"'{name}' is a table drawn with lines, as a database prints it; export it as CSV.")
    if len(lines) > 1 and "|" in lines[0] and re.fullmatch(_RULE, lines[1]):
        kind = "a Markdown table" if "+" not in lines[1] else "a table drawn with lines, as a database prints it"
        raise Refused(f"'{name}' is {kind}; export the table as CSV.")
    if lines and _R_HEADER.fullmatch(lines[0]):
        raise Refused(
            f"'{name}' separates its columns by spaces, as R's write.table does; write it with write.csv instead."
        )


def _refuse_record_signs(text: str, name: str) -> None:
    """Refuse a file whose records end with a sign made for that, which line breaks inside of texts leave free."""
    first = text.partition("\n")[0]
    for sign, mend in _RECORD_SIGNS.items():
        if sign[0] in first and 2 * text.count(sign) > text.count(sign[0]):
            raise Refused(
                f"'{name}' ends its records with the sign {sign[0]!r} (RS) and not with line breaks; put these in its "
                f"place, for example with: {mend}"
            )


def _refuse_labels(lines: Sequence[str], name: str) -> None:
    """Refuse lines of cells that each name their column: "id:1", tab, "text:words" (LTSV), or "id=1,text=words"."""
    for sign in (*_SIGNS, _LABEL_GAP):
        cells = re.split(sign if sign == _LABEL_GAP else re.escape(sign), lines[0] if lines else "")
        labels = [_LABEL.match(cell) for cell in cells]
        known = {label[0] for label in labels if label}
        if len(known) < _FEWEST_LABELS or not all(labels) or len({label[-1] for label in known}) > 1:
            continue
        alike = sum((label := _LABEL.match(line)) is not None and label[0] in known for line in lines)
        if len(lines) > 1 and alike > 0.8 * len(lines):
            mend = ", for example with: " + _FROM_LABELS.replace("=", max(known)[-1]) if sign == "\t" else "."
            raise Refused(
                f"'{name}' names the column in each cell ('{brief(cells[0])}'), as LTSV does; write it as JSONL{mend}"
            )


def _is_rule(lines: Sequence[str]) -> bool:
    """Whether a table drawn with lines begins so: with a rule, or with names and a rule of box signs below them."""
    if re.fullmatch(_RULE, lines[0]) or ("\u2500" <= lines[0].lstrip()[:1] <= "\u257f" and _is_box_rule(lines[0])):
        return True
    return len(lines) > 1 and _is_box_rule(lines[1]) and _BOX_CROSSING.search(lines[1]) is not None


def _is_box_rule(line: str) -> bool:
    return _BOX_RULE.fullmatch(line) is not None


def refuse_lines_above(text: str, name: str) -> None:
    """Raise Refused where the column names stand below a title or a report's particulars."""
    lines = text.splitlines()[:_FEW]
    usual = [max((_usual_names(line.split(sign)) for sign in _SIGNS), default=0) for line in lines]
    best = max(range(len(lines)), key=usual.__getitem__, default=0)
    if best and usual[best] >= _FEWEST_NAMES and usual[best] > 2 * usual[0] and not lines[0].startswith("sep="):
        raise Refused(
            f"The column names of '{name}' seem to stand in line {best + 1} ('{brief(lines[best])}'); "
            "delete the lines above it."
        )


def _usual_names(cells: Sequence[str]) -> int:
    """How many of the cells are names that columns usually go by; none where one is no name at all."""
    names = [re.sub(r"[\W_]+", "", cell.casefold()) for cell in cells]
    return 0 if any(len(cell) > _LONGEST_NAME for cell in cells) else len(_USUAL.intersection(names))


def refuse_other_separators(text: str, name: str) -> None:
    """Raise Refused for a header that is one cell while another sign, or several, keeps its columns apart."""
    lines = [line for line in text.splitlines()[:-1] or text.splitlines() if line.strip()][:_FEW]
    if not lines:
        return
    for sign, count in Counter(match[0] for match in _SIGN.finditer(lines[0])).most_common():
        same = sum(line.count(sign) == count for line in lines[1:])
        if len(lines) > 1 and same >= 0.8 * (len(lines) - 1) and (len(sign) > 1 or sign in _RARE):
            _refuse_separator(sign, name)
    if len(re.findall(r"\S {2,}\S", lines[0])) > 1:
        raise Refused(f"'{name}' seems to have columns of a fixed width; export it as CSV.")


def refuse_mixed_separators(text: str, name: str) -> None:
    """Raise Refused where one sign separates the column names and another one the cells below them."""
    header, *lines = [line for line in text.splitlines()[:-1] or text.splitlines() if line.strip()][:_FEW] or [""]
    sign = max(_SIGNS, key=header.count)
    gaps = header.count(sign)
    for other in _SIGNS:
        mixed = sum(line.count(other) >= gaps > line.count(sign) for line in lines)
        if gaps > 1 and other not in header and lines and mixed >= 0.8 * len(lines):
            raise Refused(
                f"'{name}' separates its column names by {sign!r} and what is below them by {other!r}; write the "
                f"names with {other!r} too."
            )


def refuse_missing_name(header: list[str], rows: Sequence[Sequence[str]], name: str) -> None:
    """Raise Refused where every record has one cell more than there are names."""
    widths = [len(cells) for cells in rows]
    if widths and sum(width == len(header) + 1 for width in widths) >= 0.9 * len(widths):
        quoted = next((cell for cells in rows for cell in cells if re.match(_OTHER_QUOTE, cell)), None)
        if quoted is not None:
            raise Refused(
                f"Cells of '{name}' begin with a quote of another kind, or with a space and a quote "
                f"('{brief(quoted)}'), so they are cut at the commas in them; write them in double quotes without a "
                "space in front."
            )
        raise Refused(
            f"Each record of '{name}' has one cell more than there are column names ('{brief(header[0])}' ...), as R's "
            "write.table leaves it; put a name for the first column in front, or write it with write.csv."
        )


def _refuse_separator(sign: str, name: str) -> None:
    if len(sign) == 1:
        raise Refused(f"'{name}' seems to separate its columns by '{sign}'; say --delimiter '{sign}'.")
    raise Refused(
        f"'{name}' separates its columns by '{brief(sign)}', which is {len(sign)} characters; "
        "export it with one, such as a tab."
    )
