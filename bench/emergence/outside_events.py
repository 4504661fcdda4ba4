"""Large events of the outside world, written down before anyone looked whether the data hold them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

IRA, TELEGRAM = "ira_1m", "telegram_200k"


@dataclass(frozen=True)
class OutsideEvent:
    """`moment`: UTC, when it was news. `words`: alternatives in lower case; each is one or more beginnings of words
    that a post about the event holds, all of them where there are several."""

    name: str
    data: str
    moment: datetime
    words: tuple[str, ...]


def _event(data: str, moment: str, name: str, *words: str) -> OutsideEvent:
    return OutsideEvent(name, data, datetime.fromisoformat(moment).replace(tzinfo=UTC), words)


# From memory, without a look at the posts. Neither list was changed afterwards for what was found or missed.
EVENTS: tuple[OutsideEvent, ...] = (
    _event(IRA, "2016-08-14 01:00", "Unrest in Milwaukee", "milwaukee"),
    _event(IRA, "2016-08-24 02:00", "Earthquake of Amatrice", "amatrice", "italy earthquake", "землетряс итал"),
    _event(IRA, "2016-09-11 14:00", "Clinton collapses", "pneumonia", "hillaryshealth", "hillary health", "пневмони"),
    _event(IRA, "2016-09-18 00:45", "Bomb in Chelsea, New York", "chelsea", "rahami", "new york explosion", "nyc bomb"),
    _event(
        IRA, "2016-09-21 00:00", "Unrest in Charlotte", "charlotte", "keithlamontscott", "keith scott", "keithscott"
    ),
    _event(IRA, "2016-09-27 01:00", "First presidential debate", "debate", "дебат"),
    _event(IRA, "2016-10-06 12:00", "Hurricane Matthew", "matthew", "hurricanematthew", "ураган мэтью"),
    _event(IRA, "2016-10-07 20:00", "Access Hollywood tape", "trumptape", "trump tape", "locker room", "billy bush"),
    _event(IRA, "2016-10-28 17:00", "Comey reopens the e-mails", "comey", "fbi email", "weiner", "фбр клинтон"),
    _event(IRA, "2016-11-08 12:00", "US election", "electionday", "electionnight", "election2016", "выборы сша"),
    _event(IRA, "2016-11-26 05:30", "Death of Fidel Castro", "castro", "fidel", "кастро", "фидел"),
    _event(IRA, "2016-12-19 16:15", "Ambassador Karlov shot", "karlov", "карлов", "ambassador russia", "посол турци"),
    _event(
        IRA, "2016-12-19 19:15", "Berlin Christmas market", "berlin", "breitscheidplatz", "берлин", "weihnachtsmarkt"
    ),
    _event(
        IRA, "2016-12-25 05:00", "Tu-154 falls near Sochi", "ту-154", "ту154", "tu154", "tu-154", "сочи", "минобороны"
    ),
    _event(IRA, "2017-01-20 15:00", "Inauguration", "inaugur", "инаугурац", "trumpinaugur"),
    _event(IRA, "2017-01-21 15:00", "Women's March", "womensmarch", "women march", "women's march"),
    _event(IRA, "2017-01-28 15:00", "Travel ban", "muslimban", "travelban", "travel ban", "muslim ban", "nobannowall"),
    _event(IRA, "2017-02-05 23:30", "Super Bowl LI", "superbowl", "super bowl", "sb51", "patriots falcons"),
    _event(IRA, "2017-03-22 15:00", "Westminster attack", "westminster", "london attack", "londonattack", "лондон"),
    _event(IRA, "2017-04-03 12:00", "Bomb in the Petersburg metro", "petersburg", "метро", "петербург", "питер"),
    _event(IRA, "2017-04-07 01:30", "US strike on Syria", "syria", "сири", "tomahawk", "томагавк", "syrien"),
    _event(IRA, "2017-05-07 18:00", "Macron elected", "macron", "макрон", "lepen", "le pen"),
    _event(IRA, "2017-05-09 22:00", "Comey dismissed", "comey", "джеймс коми"),
    _event(TELEGRAM, "2020-02-19 22:00", "Hanau", "hanau"),
    _event(TELEGRAM, "2020-03-22 16:00", "First lockdown in Germany", "kontaktverbot", "ausgangssperre", "lockdown"),
    _event(TELEGRAM, "2020-05-29 00:00", "George Floyd, unrest", "floyd", "minneapolis", "antifa riot", "riots"),
    _event(TELEGRAM, "2020-11-04 00:00", "US election 2020", "biden", "wahlbetrug", "us-wahl", "election"),
    _event(TELEGRAM, "2021-01-06 19:00", "Storm on the Capitol", "capitol", "kapitol"),
    _event(TELEGRAM, "2021-07-15 06:00", "Flood in the Ahr valley", "hochwasser", "flut", "ahrweiler", "ahrtal"),
    _event(TELEGRAM, "2021-08-15 12:00", "Fall of Kabul", "kabul", "taliban", "afghan"),
    _event(TELEGRAM, "2022-02-24 03:30", "Invasion of Ukraine", "ukrain", "kiew", "kyiv", "putin"),
    _event(
        TELEGRAM, "2022-09-27 10:00", "Nord Stream blown up", "nord stream", "nordstream", "nord-stream", "pipeline"
    ),
    _event(TELEGRAM, "2023-10-07 05:00", "Attack of Hamas on Israel", "hamas", "israel", "gaza"),
    _event(TELEGRAM, "2024-07-13 22:15", "Shots at Trump", "trump shot", "trump attentat", "assassination", "attentat"),
    _event(TELEGRAM, "2024-12-20 18:15", "Magdeburg Christmas market", "magdeburg"),
    _event(TELEGRAM, "2025-02-23 17:00", "Bundestag election 2025", "bundestagswahl", "btw25", "afd prozent"),
    _event(TELEGRAM, "2025-09-10 19:00", "Charlie Kirk shot", "kirk"),
)
