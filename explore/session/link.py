"""The address that carries the view: reading it and writing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from explore.errors import Refused
from explore.narratives.windows import moment
from explore.session.keys import (
    AS_OF,
    COMPARED,
    EVERYTHING,
    FEWEST_POSTS,
    FOLLOWED,
    ITEM,
    LANGUAGES,
    LINK,
    ONLY_EMERGING,
    REGIONS,
    RUN,
    RUNS,
    SINCE,
    SNAPSHOT,
)

_SHARED = "_shared"


def read_link() -> None:
    """Take over what the address says, unless it says what this session wrote there itself."""
    written: Mapping[str, str] = st.session_state.get(_SHARED, {})
    for key in (*LINK, *COMPARED):
        given = st.query_params.get(key)
        if given is not None and given != written.get(key):
            value = _from_link(key, given)
            if value is not None:
                st.session_state[key] = value
    st.session_state[_SHARED] = dict(st.query_params)


def write_link(keys: Sequence[str]) -> None:
    """Put the values of `keys` into the address; the rest of it goes."""
    values = {key: _to_link(st.session_state.get(key)) for key in keys}
    params = {key: value for key, value in values.items() if value and (key, value) != (FEWEST_POSTS, "0")}
    st.session_state[_SHARED] = params
    if dict(st.query_params) != params:
        st.query_params.from_dict(params)


def _from_link(key: str, given: str) -> Any:
    """The value that a part of the address stands for; None where it stands for nothing."""
    if key in (LANGUAGES, REGIONS, RUNS):
        return given.split("~")
    if key in (ONLY_EMERGING, EVERYTHING):
        return given == "yes"
    if key == AS_OF:
        try:
            return moment(given)
        except Refused:
            return None
    if key in (SNAPSHOT, RUN, ITEM, SINCE, FOLLOWED):
        return given
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None


def _to_link(value: Any) -> str:
    """The part of the address for a value; empty where there is nothing to say."""
    if value is None or value is False or value == []:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, list):
        return "~".join(map(str, value))
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)
