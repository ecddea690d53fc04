"""Words for streets, units, boxes and labels, by the place of the house number."""

from __future__ import annotations

# Number, name, word: 12 High Street.
LAST = (
    "street", "st", "avenue", "ave", "road", "rd", "lane", "ln", "drive", "dr", "boulevard", "blvd", "court", "ct",
    "place", "square", "sq", "terrace", "way", "close", "crescent", "parkway", "pkwy", "highway", "hwy", "circle",
    "cir", "trail", "alley", "walk", "gardens", "grove", "mews", "plaza", "broadway", "turnpike",
)  # fmt: skip
# Word, name, number: rue de la Paix 5, ulica Długa 5; or number, word, name: 5, rue de la Paix.
FIRST = (
    "rue", "avenue", "boulevard", "allée", "chemin", "impasse", "quai", "via", "viale", "piazza", "piazzale", "corso",
    "vicolo", "largo", "strada", "calle", "c/", "avenida", "av", "avda", "paseo", "plaza", "carrer", "carretera",
    "camino", "rua", "travessa", "alameda", "praça", "estrada", "rodovia", "ulica", "aleja", "aleje", "plac",
    "osiedle", "ulice", "náměstí", "třída", "námestie", "trg", "bulevar", "bulevardul", "calea", "piața", "улица",
    "проспект", "пр-т", "переулок", "бульвар", "шоссе", "набережная", "площадь", "вулиця", "площа", "οδός", "οδος",
    "λεωφόρος", "λεωφ", "πλατεία", "jalan", "jl", "lorong", "đường", "phố", "rúa", "avinguda", "triq", "sráid",
    "bóthar", "šetalište", "rruga", "شارع", "רחוב", "ul.", "al.", "os.", "pl.", "str.", "bd.", "ул.", "пер.", "пл.",
    "вул.", "бул.", "place", "cours",
)  # fmt: skip
# The end of a name with a capital, and a number: Hauptstraße 5, Kungsgatan 5; or a word of its own after such a name.
ENDS = (
    "straße", "strasse", "str.", "gasse", "weg", "platz", "allee", "damm", "ufer", "steig", "straat", "laan", "plein",
    "steenweg", "gracht", "kade", "dijk", "plantsoen", "singel", "gatan", "vägen", "gränd", "torget", "gata", "veien", "vegen",
    "vei", "gade", "vej", "vænget", "allé", "stræde", "torv", "katu", "tie", "kuja", "polku", "kaari", "stígur", "braut",
)  # fmt: skip
# A word of its own after a name with a capital, and a number: Petőfi utca 5, Atatürk Caddesi 5.
APART = (
    "utca", "u.", "út", "útja", "tér", "tere", "köz", "körút", "caddesi", "cad.", "sokak", "sokağı", "sok.", "bulvarı", "gatvė",
    "g.", "iela", "tänav", "tn", "puiestee", "maantee", "cesta", "ulica", "gate", "rruga",
)  # fmt: skip
DIGITS = "123456789"
# Words that end so and are none, with a number after them.
NOT_ENDS = frozenset((
    "arbeitsplatz", "sitzplatz", "stellplatz", "speicherplatz", "startplatz", "listenplatz", "tabellenplatz",
    "spielplatz", "umweg", "ausweg", "hinweg", "rückweg", "unterwegs", "corporate", "estate", "katie",
))  # fmt: skip
BOXES = (
    "p.o. box", "po box", "p.o.box", "p. o. box", "post office box", "postfach", "boîte postale", "b.p.", "bp", "apartado",
    "apartado postal", "apdo.", "casella postale", "caixa postal", "postbus", "postboks", "postbox", "postilokero",
    "skrytka pocztowa", "skr. poczt.", "a/я", "а/я", "posta kutusu", "p.k.", "psc", "locked bag", "private bag", "gpo box",
)  # fmt: skip
UNITS = ("apt", "suite", "apartment", "unit", "ste", "flat")
LABELS = (
    "address:", "address is", "lives at", "live at", "living at", "office is at", "located at", "resides at", "adresse:",
    "adresse :", "anschrift:", "wohnhaft in", "dirección:", "domicilio:", "indirizzo:", "residente in", "endereço:", "morada:",
    "adres:", "adresa:", "adress:", "osoite:", "lakcím:", "cím:", "адрес:", "адреса:", "διεύθυνση:", "alamat:", "địa chỉ:",
    "العنوان:", "כתובת:",
)  # fmt: skip
