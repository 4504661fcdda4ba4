"""Keys of the session and of the link, and what may be chosen."""

from __future__ import annotations

from explore.settings import PROJECT

# Keys of st.session_state; those in LINK stand in the address too
SNAPSHOT, RUN, NARRATIVE, ITEM = "snapshot", "run", "narrative", "item"
WINDOW_HOURS, BASELINE_WINDOWS, AS_OF = "window", "baseline", "as_of"
LANGUAGES, REGIONS, FEWEST_POSTS, ONLY_EMERGING = "lang", "region", "posts", "emerging"
EVERYTHING = "all"  # narratives without a finding, too
RUNS, SINCE, FOLLOWED = (
    "runs",
    "since",
    "followed",
)  # runs compared, the earlier one of the table, the narrative followed
JOB = "job"
FRAMED = "_framed"  # app.py stands around the page
COVER = "cover"  # post texts show only when clicked
MOMENT = "_moment"  # the field for the moment; what is asked for stands under AS_OF
OPEN = "_open"  # a narrative to turn to at the next run, set by a click after the picker was drawn
LINK = (
    *(SNAPSHOT, RUN, NARRATIVE, ITEM, WINDOW_HOURS, BASELINE_WINDOWS, AS_OF),
    *(LANGUAGES, REGIONS, FEWEST_POSTS, ONLY_EMERGING, EVERYTHING),
)
COMPARED = (RUNS, SINCE, FOLLOWED)  # what the link carries besides where runs are compared
OF_A_SNAPSHOT = (WINDOW_HOURS, AS_OF, LANGUAGES, REGIONS)  # choices that another snapshot may not have
EMERGING_PAGE, NARRATIVE_PAGE, MAP_PAGE, COMPARE_PAGE, SNAPSHOTS_PAGE = (
    f"pages/{name}.py" for name in ("emerging", "narrative", "map", "compare", "snapshots")
)

WINDOWS = {1: "1 hour", 6: "6 hours", 24: "24 hours", 72: "3 days", 168: "7 days"}
BASELINES = {7: "7 windows before", 14: "14 windows before", 28: "28 windows before"}
SAMPLE = PROJECT / "data" / "sample" / "synthetic_posts.csv.gz"
ICON = PROJECT / "explore" / "present" / "icon.png"  # a :material: icon would be fetched from a font host
SAMPLE_NAME = "Sample (synthetic)"
