"""What the code points of scripts without spaces do to the syllable they stand in: kernels/syllables.py reads it."""

# Four bits of a class, which words.py gives another meaning in scripts with spaces.
ROLE_SHIFT = 9
ROLE = 15
SIGN = 0  # a syllable of its own: Han
VOWEL = 1  # joins what stands before; the consonant it stands on starts a syllable
LIGHT = 2  # joins what stands before and says no more: silenced letters, repetition and length marks
STACKER = 3  # joins both sides: Khmer coeng, Burmese virama
KILLER = 4  # joins what stands before, which ends a syllable: Burmese asat
LEAD = 5  # a vowel written before its consonant: starts a syllable
CONSONANT = 6  # starts a syllable where a vowel follows, or ends one: Thai, Lao, Khmer
SYLLABLE = 7  # starts a syllable unless it is killed or stacked: Burmese, Shan, Mon
KATAKANA = 8  # this role and those above: a run is one word
HIRAGANA = 9
DIGITS = 10
SEPARATOR = 11  # ends a word and belongs to it: the Tibetan tsheg, the Ethiopic wordspace

ROLES = {
    VOWEL: """E30-E3A E45 E47-E4B E4D-E4E EB0-EBD EC8-ECB ECD-ECE 17B4-17CA 17CE-17D1 17D3 17DD 102B-1038 103B-103E
1056-1059 105E-1060 1062-1064 1067-106D 1071-1074 1082-108D 108F 109A-109D A9E5 AA7B-AA7D""",
    LIGHT: "E2F E46 E4C EAF EC6 ECC 17CB-17CD 17D7 17DC 3099-309A 30FC A9E6 AA70 FF9E-FF9F",
    STACKER: "1039 17D2",
    KILLER: "103A",
    LEAD: "E40-E44 EC0-EC4",
    CONSONANT: "E01-E2E E81-EAE EDC-EDF 1780-17B3",
    SYLLABLE: """1000-102A 103F 1050-1055 105A-105D 1061 1065-1066 106E-1070 1075-1081 108E A9E0-A9E4 A9E7-A9EF
A9FA-A9FE AA60-AA6F AA71-AA76 AA7A AA7E-AA7F""",
    KATAKANA: "30A1-30FA 30FD-30FF 31F0-31FF FF66-FF9D 1AFF0-1AFFF",
    HIRAGANA: "3041-3096 309D-309F 1B000-1B16F",
    SEPARATOR: "F0B-F0C 1361",
}

# Scripts written without spaces: Thai, Lao, Myanmar, Khmer, Hiragana, Katakana, Han (planes 0, 2 and 3).
UNSPACED = """E00-EFF 1000-109F 1780-17FF 19E0-19FF A9E0-A9FF AA60-AA7F 3005-3007 3021-3029 3038-303B 3041-3096 309D-309F
30A1-30FA 30FD-30FF 31F0-31FF 3400-4DBF 4E00-9FFF F900-FAFF FF66-FF9D 1AFF0-1B16F 20000-3FFFD"""
# Signs that are met in them and elsewhere: the length mark, the dots of voiced kana, separators of words.
SHARED = "F0B-F0C 1361 3099-309A 30FC FF9E-FF9F"
