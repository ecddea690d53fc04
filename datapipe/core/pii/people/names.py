"""The lists of names and of words that are none (`names.txt`)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

# What a name stops at: words that begin a sentence or a heading with a capital. Days and months are here, too.
_STOP = """
i a an the and or but nor if is are was were be been am do does did has have had will would can could shall should may
might must not no yes of to in on at by for from with as so than that this these those it its he she they we you my your his
her our their me him us them who what when where why how which whose there here then now all any both each every many more
most much other some such only own same too very just also never always once after before about above under over again
further between during through because until while since please thanks thank hello hi hey dear see let oh ah well yet
sir madam customer friend friends colleague colleagues team everyone everybody folks god lord father mother mr mrs ms miss
dr prof jr sr mx st saint user users name first last middle full family given date address phone email mail tel fax web url
monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october
november december mon tue wed thu fri sat sun jan feb mar apr jun jul aug sep oct nov dec true false null none default
montag dienstag mittwoch donnerstag freitag samstag sonntag lundi mardi mercredi jeudi vendredi samedi dimanche
der die das und oder ein eine ist war hat mit von zu im am ich wir sie er es aber wenn nicht sehr geehrte damen herren
le la les et ou un une est il elle nous vous je ce que qui el los las y o un una es en con de del que su il lo gli che di
o os um uma do da em het een en is van op maar и в на не что он она это как но я мы вы они то а у к с по для из
the copyright license version software project linux gnu unix windows internet english german french spanish american
dds dvm md phd mba esq
british russian chinese japanese european italian dutch polish indian canadian note warning error example chapter section
figure table page part yours sincerely regards
"""

# What makes a place, a body or a thing of the name before it.
_OTHERWISE = """
street st avenue ave road rd lane drive boulevard blvd square place court park bridge river lake mountain mountains hills
island islands bay beach valley creek falls county city town village state station airport harbour harbor hall house palace
castle tower building center centre hospital school college university institute academy library museum theatre theater
church cathedral chapel abbey foundation association society club company corporation corp inc ltd llc gmbh ag plc group
bank press publishing publications books records studios award awards prize cup trophy league union party committee
commission council conference office department ministry agency laboratory laboratories labs theorem lemma algorithm
equation equations method law laws effect function distribution transform test model space group algebra number numbers
matrix code coding process system systems series war wars act bill day days airlines airport stadium arena field hotel
restaurant straße strasse platz weg gasse universität stiftung schule kirche brücke territory territories peninsula ocean
sea strait gulf desert forest highway line railway cross empire catholic republic kingdom testament speaker president
chairman secretary minister chancellor lieutenant ambassador general treasurer justice mayor governor logic
"""

# Before a name: "the Peter principle", "San Pedro", "Lake Victoria".
_BEFORE = """
the san santa são sao santo saint st ste fort mount mt lake port cape new old camp rio villa isla island cape puerto ciudad
sankt sant saint- puerto university college hotel restaurant café rue via rua avenida avenue calle
c/ ulica ul ulice piazza plaza praça place
"""


class Names(NamedTuple):
    """given: common given names; weak: those that are words or places, too; stop, otherwise, before: in small letters."""

    given: frozenset[str]
    weak: frozenset[str]
    surnames: frozenset[str]
    chinese: tuple[str, ...]
    japanese: tuple[str, ...]
    korean: tuple[str, ...]
    stop: frozenset[str]
    otherwise: frozenset[str]
    before: frozenset[str]


@cache
def names() -> Names:
    """Read once a process (3 ms)."""
    lists: dict[str, list[str]] = {}
    for line in Path(__file__).with_name("names.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            head, _, words = line.partition(":")
            lists.setdefault(head, []).extend(words.split())
    given = {name for head, some in lists.items() if not head.startswith("surnames") for name in some}
    weak = {name for head, some in lists.items() if head.startswith("~") for name in some}
    surnames = set(lists["surnames"])
    given |= {name.upper() for name in given - weak if len(name) > 2}
    surnames |= {name.upper() for name in surnames}
    return Names(
        frozenset(given),
        frozenset(weak),
        frozenset(surnames),
        tuple(lists["surnames zh"]),
        tuple(lists["surnames ja"]),
        tuple(lists["surnames ko"]),
        frozenset(_STOP.split()),
        frozenset(_OTHERWISE.split()),
        frozenset(_BEFORE.split()),
    )
