"""Rules of national numbers that python-stdnum does not have, or holds against the day of today.

Each takes letters and digits alone, in capitals. A date of birth is checked as day and month: the clock has no say.
"""

from __future__ import annotations

from collections.abc import Sequence

_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PROVINCES = (
    *range(11, 16),
    *range(21, 24),
    *range(31, 38),
    *range(41, 47),
    *range(50, 55),
    *range(61, 66),
    71,
    81,
    82,
    83,
)
_CHINA = frozenset(map(str, _PROVINCES))
_HONG_KONG = {letter: value for value, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 10)}
_TAIWAN = {letter: value for value, letter in enumerate("ABCDEFGHJKLMNPQRSTUVXYWZIO", 10)}


def is_day(month: str, day: str) -> bool:
    """Whether some year has this day."""
    return 1 <= int(month) <= 12 and 1 <= int(day) <= _DAYS[int(month) - 1]


def weighted(number: str, weights: Sequence[int]) -> int:
    """The sum of digits by weights."""
    return sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))


def luhn(number: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) << (place & 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def us_ssn(number: str) -> bool:
    """No area 000, 666 or 9xx, no group 00, no serial 0000 (Social Security Administration, POMS RM 10201.035); not the
    two that advertising made known, nor one digit nine times, nor digits in a row."""
    return not (
        number[:3] in ("000", "666")
        or number[0] == "9"
        or number[3:5] == "00"
        or number[5:] == "0000"
        or len(set(number)) == 1
        or number in ("078051120", "219099999", "123456789", "987654321")
    )


def ca_sin(number: str) -> bool:
    """Luhn; 0 and 8 are not given to persons."""
    return number[0] not in "08" and luhn(number)


def hk_id(number: str) -> bool:
    """Weights 9 to 1 on one or two letters, six digits and the check character (a space is 36), modulo 11."""
    total = 36 * 9 if len(number) == 8 else _HONG_KONG[number[0]] * 9
    total += _HONG_KONG[number[-8]] * 8 + weighted(number[-7:-1], (7, 6, 5, 4, 3, 2))
    return (total + (10 if number[-1] == "A" else int(number[-1]))) % 11 == 0


def tw_id(number: str) -> bool:
    """The letter as two digits, weights 1 9 8 … 1 1, modulo 10; the second sign is 1, 2 or, of residents, 8 and 9."""
    first = _TAIWAN[number[0]]
    return (first // 10 + first % 10 * 9 + weighted(number[1:], (8, 7, 6, 5, 4, 3, 2, 1, 1))) % 10 == 0


def sg_nric(number: str) -> bool:
    """Weights 2 7 6 5 4 3 2, an offset by the first letter, a table of letters."""
    offset = {"S": 0, "T": 4, "F": 0, "G": 4, "M": 3}[number[0]]
    place = (weighted(number[1:8], (2, 7, 6, 5, 4, 3, 2)) + offset) % 11
    table = {"S": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "M": "XWUTRQPNJLK"}[{"T": "S", "G": "F"}.get(number[0], number[0])]
    return number[8] == table[10 - place if number[0] == "M" else place]


def cn_ric(number: str) -> bool:
    """GB 11643-1999: a province, a date, ISO 7064 MOD 11-2. Counties are not looked up: many have been given up since."""
    return (
        number[:2] in _CHINA
        and number[6:8] in ("18", "19", "20")
        and is_day(number[10:12], number[12:14])
        and "10X98765432"[weighted(number[:17], (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)) % 11]
        == number[17]
    )


def kr_rrn(number: str) -> bool:
    """A date and the digit of century and sex; the check digit was given up in October 2020."""
    return is_day(number[2:4], number[4:6]) and number[6] in "12345678"


def ru_snils(number: str) -> bool:
    """Weights 9 to 1, modulo 101, then modulo 100."""
    return weighted(number[:9], range(9, 0, -1)) % 101 % 100 == int(number[9:])


def kz_iin(number: str) -> bool:
    """A date, the digit of century and sex, and weights 1 to 11 modulo 11, a second time from 3 on where that gives 10."""
    if not is_day(number[2:4], number[4:6]):
        return False
    check = weighted(number[:11], range(1, 12)) % 11
    if check == 10:
        check = weighted(number[:11], (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)) % 11
    return check == int(number[11])


def lv_pk(number: str) -> bool:
    """Old: a date and weights modulo 11; since 2017: 32 and nothing to check."""
    if number[:2] == "32":
        return True
    check = (1101 - weighted(number, (1, 6, 3, 7, 9, 10, 5, 8, 4, 2))) % 11 % 10
    return is_day(number[2:4], number[:2]) and number[6] in "012" and check == int(number[10])


def de_svnr(number: str) -> bool:
    """Area, date, letter as two digits, serial; sums of digits under weights 2 1 2 5 7 1 2 1 2 1 2 1, modulo 10."""
    digits = number[:8] + f"{ord(number[8]) - 64:02d}" + number[9:11]
    products = [int(digit) * weight for digit, weight in zip(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True)]
    return is_day(number[4:6], number[2:4]) and sum(p // 10 + p % 10 for p in products) % 10 == int(number[11])


def au_medicare(number: str) -> bool:
    """Weights 1 3 7 9 1 3 7 9 modulo 10 in the ninth place; the first digit is 2 to 6."""
    return weighted(number, (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == int(number[8])


def se_personnummer(number: str) -> bool:
    """A date (of co-ordination numbers 60 days later) and Luhn over the last ten digits."""
    day = int(number[-6:-4])
    return is_day(number[-8:-6], str(day - 60 if day > 60 else day)) and luhn(number[-10:])


def no_fodselsnummer(number: str) -> bool:
    """A date (of D numbers 40 days, of help numbers 40 months later) and two check digits modulo 11."""
    day, month = int(number[:2]), int(number[2:4])
    date = is_day(str(month - 40 if month > 40 else month), str(day - 40 if day > 40 else day))
    first = -weighted(number, (3, 7, 6, 1, 8, 9, 4, 5, 2)) % 11
    second = -weighted(number, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return date and str(first) == number[9] and str(second) == number[10]


def dk_cpr(number: str) -> bool:
    """A date; numbers without the old check digit have been given since 2007."""
    return is_day(number[2:4], number[:2])


def be_rijksregister(number: str) -> bool:
    """97 less the rest by 97, of births since 2000 with a 2 before; bis numbers have months 20 or 40 later."""
    month = int(number[2:4]) % 20
    # Of births since 2000 only years to 39: any year would let twice as many numbers through.
    rests = [97 - int(century + number[:9]) % 97 for century in ("", "2")[: 1 + (number[:2] < "40")]]
    return month < 13 and int(number[4:6]) < 32 and int(number[9:]) in rests


def za_id(number: str) -> bool:
    """A date, 0 or 1 for citizens and residents, Luhn."""
    return is_day(number[2:4], number[4:6]) and luhn(number)


def my_nric(number: str) -> bool:
    """A date and a place of birth."""
    return is_day(number[2:4], number[4:6]) and number[6:8] not in (
        "00",
        "17",
        "18",
        "19",
        "20",
        "69",
        "70",
        "73",
        "80",
        "81",
    )


def hu_taj(number: str) -> bool:
    """Weights 3 and 7 in turn, modulo 10."""
    return weighted(number[:8], (3, 7) * 4) % 10 == int(number[8])


def hu_ado(number: str) -> bool:
    """8, days since 1867, a serial, and weights 1 to 9 modulo 11."""
    return weighted(number[:9], range(1, 10)) % 11 == int(number[9])


def eg_id(number: str) -> bool:
    """Century, date, governorate."""
    return is_day(number[3:5], number[5:7]) and (int(number[7:9]) <= 35 or number[7:9] == "88")


def vn_cccd(number: str) -> bool:
    """Province (001 to 096), century and sex, year."""
    return 1 <= int(number[:3]) <= 96


def uy_ci(number: str) -> bool:
    """Weights 2 9 8 7 6 3 4, modulo 10."""
    return -weighted(number[:-1].zfill(7), (2, 9, 8, 7, 6, 3, 4)) % 10 == int(number[-1])


def always(number: str) -> bool:
    """Nothing to check: the shape and a cue decide."""
    return len(set(number)) > 1
