"""The pictures of docs/method.md, drawn from the synthetic sample: the same sample gives the same pictures.

.venv/bin/python docs/method/pictures.py
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench" / "emergence"))

from calibration import shifted  # type: ignore[import-not-found]

from explore.files import write_bytes
from explore.narratives import clusters, counting, emergence, freezing, ranking
from explore.narratives.evidence import evidence
from explore.narratives.pipeline import explore, recluster
from explore.narratives.run import Run
from explore.narratives.windows import Window
from explore.posts.snapshots import Snapshot, load, open_snapshot
from explore.present import charts
from explore.present.theme import LIGHT, themed, title
from explore.settings import PROJECT, workspace_at

HERE = Path(__file__).resolve().parent
SAMPLE = PROJECT / "data" / "sample" / "synthetic_posts.csv.gz"
NOW = datetime(2026, 3, 16, tzinfo=UTC)
DAY = timedelta(days=1)
WIDTH, SEED, DRAWS = 640, 1, 200
CURVE, STRAND, COPIED = "Stadion Lintara", "Seven Dawns", "Tessera Pro phones to thank"  # labels in the sample


def main() -> None:
    """Explore the sample and write each picture beside this file."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = workspace_at(Path(folder))
        snapshot = open_snapshot(workspace, load([SAMPLE], workspace, now=NOW).snapshot)
        run = explore(snapshot, workspace, now=NOW)
        broad = recluster(run, snapshot, workspace, granularity="broad", now=NOW)
        _save(curve(run, snapshot), "curve.svg")
        _save(accounts(run), "accounts.svg")
        _save(strand(broad, run), "strand.svg")
        _save(shifts(run), "shifted.svg")


def curve(run: Run, snapshot: Snapshot) -> alt.LayerChart:
    """One narrative as its page shows it: accounts, what chance alone would show, and the window."""
    found = int(_row(run, CURVE)["narrative_id"])
    shown = evidence(run, snapshot, found, window=ranking.window_for(run), key=b"unused")
    return charts.curve(shown, measure="accounts").properties(width=WIDTH, height=220)


def accounts(run: Run) -> alt.LayerChart:
    """Posts, messages and accounts of a copied text beside those of a rumour."""
    told = {"one giveaway text, copied": COPIED, "a rumour in many words": CURVE}
    counted = ["posts", "messages", "accounts"]
    rows = [
        {"narrative": name, "counted": what, "n": int(_row(run, label)[column])}
        for name, label in told.items()
        for what, column in zip(counted, ("n_posts", "n_messages", "n_authors"), strict=True)
    ]
    base = alt.Chart(pd.DataFrame(rows)).encode(
        y=alt.Y("counted:N", sort=counted, title=None),
        x=alt.X("n:Q", title=None, axis=None, scale=alt.Scale(domain=[0, 165])),
    )
    paint = alt.Scale(domain=counted, range=[LIGHT.quiet, LIGHT.soft, LIGHT.accent])
    bars = base.mark_bar(height=15).encode(color=alt.Color("counted:N", scale=paint, legend=None))
    head = alt.Header(labelOrient="top", labelAnchor="start", labelFontSize=12, title=None)
    chart = (bars + base.mark_text(align="left", dx=5).encode(text="n:Q")).properties(width=WIDTH - 80, height=66)
    said = title("Many posts can be few accounts", "Two narratives of the sample; growth is counted in accounts")
    return themed(chart.facet(row=alt.Row("narrative:N", sort=list(told), header=head)).properties(title=said), LIGHT)


def strand(broad: Run, run: Run) -> alt.LayerChart:
    """A strand and the broad narrative that it was split from: accounts a day."""
    small = run.messages["narrative_id"].to_numpy() == _row(run, STRAND)["narrative_id"]
    _, _, lies, _ = freezing.reread(broad)
    sizes = clusters.ladder(int(broad.manifest["fewest_messages"]))
    (before, _), *_ = clusters.cut(lies.tree, sizes=sizes, n=len(lies.vectors))
    around = np.bincount(before[small[: len(before)] & (before >= 0)]).argmax()
    large = np.append(before == around, np.zeros(len(small) - len(before), dtype=bool))
    names = [f"narrative of {large.sum()} messages, cut broadly", f"strand of {small.sum()} inside it"]
    daily = pd.concat([_daily(run, large).assign(series=names[0]), _daily(run, small).assign(series=names[1])])
    chart = (
        alt.Chart(daily)
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=alt.X("at:T", scale=alt.Scale(type="utc"), axis=alt.Axis(title="time in UTC", format="%-d %b")),
            y=alt.Y("accounts:Q", title=None, axis=alt.Axis(tickCount=4)),
            color=_two(names, [LIGHT.quiet, LIGHT.alert]),
        )
        .properties(
            width=WIDTH,
            height=180,
            title=title("A strand that begins inside a narrative", "Accounts a day"),
        )
    )
    return themed(chart, LIGHT)


def shifts(run: Run) -> alt.LayerChart:
    """How often chance makes a p as small as each, with every account's timeline moved by a random time."""
    grid = np.arange(0, 0.1001, 0.002)
    p = np.concatenate([_p_values(run, draw) for draw in range(DRAWS)])
    names = ["measured", "what a p-value promises"]
    measured = pd.DataFrame({"p": grid, "share": [(p <= each).mean() for each in grid], "series": names[0]})
    promised = pd.DataFrame({"p": [0.0, 0.1], "share": [0.0, 0.1], "series": names[1]})
    said = title(
        "Small p-values are rarer than promised",
        f"Share of tests with a p up to so much; {DRAWS} shifted timelines, {len(p):,} tests",
    )
    chart = (
        alt.Chart(pd.concat([measured, promised]))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("p:Q", axis=alt.Axis(title="p-value", format="%", tickCount=5)),
            y=alt.Y("share:Q", axis=alt.Axis(title=None, format="%", tickCount=5)),
            color=_two(names, [LIGHT.accent, LIGHT.quiet]),
        )
        .properties(width=WIDTH, height=190, title=said)
    )
    return themed(chart, LIGHT)


def _two(names: list[str], colours: list[str]) -> alt.Color:
    scale = alt.Scale(domain=names, range=colours)
    return alt.Color("series:N", scale=scale, legend=alt.Legend(title=None, symbolType="stroke"))


def _p_values(run: Run, draw: int) -> NDArray[np.float64]:
    """p of every narrative with each account's posts moved together by a random time, round the ends."""
    line = shifted(run.timeline, np.random.default_rng([SEED, draw]))
    window = Window(datetime.fromtimestamp(int(line.at.max()) // 1_000_000 + 1, UTC))
    k, first = len(run.narratives), int(line.at.min())
    counts = counting.count(
        line.at, line.unit, line.narrative, k=k, window=window, first_at=first, activity=line.activity
    )
    return np.asarray(emergence.score(counts)["p_value"], dtype=np.float64)


def _row(run: Run, label: str) -> pd.Series:
    """The one narrative with this label. Raises ValueError where there is none: the sample has changed."""
    found = run.narratives[run.narratives["label"] == label]
    if len(found) != 1:
        raise ValueError(
            f"The sample has {len(found)} narratives called '{label}'; name others in {Path(__file__).name}."
        )
    return found.iloc[0]


def _daily(run: Run, chosen: NDArray[np.bool_]) -> pd.DataFrame:
    """Distinct accounts a day among the chosen messages: at (midnight UTC), accounts."""
    line = run.timeline
    posts = pd.DataFrame({"at": pd.to_datetime(line.at, unit="us", utc=True).floor("D"), "account": line.unit})
    days = pd.date_range(posts["at"].min(), posts["at"].max() + DAY, freq="D")
    counts = posts[chosen[line.message]].groupby("at")["account"].nunique().reindex(days, fill_value=0)
    counts.iloc[-1] = counts.iloc[-2]  # the last day needs an end to be as wide as the others
    return counts.rename_axis("at").rename("accounts").reset_index()


def _save(chart: alt.LayerChart, name: str) -> None:
    """Write the chart as SVG, its ids counted from 1."""
    import vl_convert

    drawn = chart.properties(background=LIGHT.paper).to_dict()
    write_bytes(HERE / name, _numbered(vl_convert.vegalite_to_svg(json.dumps(drawn))).encode())


def _numbered(svg: str) -> str:
    """The picture with its ids counted from 1: the converter counts on from picture to picture."""
    for number, old in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]+)"', svg)), start=1):
        svg = svg.replace(f'id="{old}"', f'id="c{number}"').replace(f"url(#{old})", f"url(#c{number})")
    return f"{svg}\n"


if __name__ == "__main__":
    main()
