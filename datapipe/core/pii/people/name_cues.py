"""Words beside which names of persons stand, by what they prove."""

from __future__ import annotations

# A title: one word with a capital after it is a name.
TITLES = (
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "lord", "lady", "dame", "rev", "reverend",
    "capt", "captain", "sgt", "sergeant", "lt", "lieutenant", "col", "colonel", "mister", "missus", "inspector",
    "herr", "herrn", "frau", "fräulein", "doktor", "mme", "mlle", "monsieur", "madame", "mademoiselle", "maître",
    "sra", "srta", "señor", "señora", "señorita", "doña", "dra", "senhor", "senhora", "doutor", "doutora", "sig",
    "sig.ra", "signor", "signora", "signorina", "dott", "dott.ssa", "avv", "dhr", "mevr", "mevrouw", "meneer",
    "mijnheer", "slečna", "pán", "fru", "fröken", "frøken", "herra", "rouva", "neiti", "domnul", "doamna",
    "domnișoara", "gospodin", "gospođa", "gospod", "gospa", "sayın", "bapak", "ibu", "ông", "bà", "κύριος", "κυρία",
    "κύριε", "г-н", "г-жа", "господин", "госпожа", "гражданин", "гражданка", "товарищ", "пані", "добродій", "госпођа",
    "ponas", "ponia", "härra", "proua", "bwana", "mheshimiwa", "senyor", "senyora", "السيد", "السيدة", "الدكتور",
    "الدكتورة", "الأستاذ", "آقای", "خانم", "דוקטור", "גברת", "श्री", "श्रीमती", "सुश्री", "डॉ",
)  # fmt: skip
# Titles that are other words in other languages: only in texts of these.
TITLES_OF = {
    "m": ("fr",),
    "pan": ("pl", "cs", "uk"),
    "pani": ("pl",),
    "paní": ("cs",),
    "pana": ("pl", "cs"),
    "пан": ("uk", "bg"),
    "don": ("es", "it"),
    "dona": ("pt", "ca"),
    "sr": ("es", "pt"),
    "hr": ("de", "da", "no", "nb"),
    "dl": ("ro",),
    "dna": ("ro",),
    "bay": ("tr",),
    "bayan": ("tr",),
    "pak": ("id", "ms"),
    "bu": ("id",),
    "κ": ("el",),
    "ing": ("it", "cs", "sk"),
    "מר": ("he",),
    "دکتر": ("fa",),
}
# Titles that are short for something, and may have a full stop; with another one a sentence ends ("của ông. Gia đình").
DOTTED = frozenset((
    "mr", "mrs", "ms", "mx", "dr", "prof", "rev", "capt", "sgt", "lt", "col", "mme", "mlle", "sra", "srta", "dra", "sig",
    "sig.ra", "dott", "dott.ssa", "avv", "dhr", "mevr", "m", "sr", "hr", "dl", "dna", "κ", "ing", "डॉ",
))  # fmt: skip
# In small letters these are units, options and other words.
CAPITALS = frozenset(("mr", "ms", "mx", "rev", "capt", "sgt", "lt", "col", "miss", "sir", "lord", "lady", "dame"))
# Sentences that say a name.
SAID = (
    "my name is", "my name's", "mein name ist", "ich heiße", "je m'appelle", "je m’appelle", "mon nom est", "me llamo",
    "mi nombre es", "meu nome é", "chamo-me", "me chamo", "mi chiamo", "il mio nome è", "mijn naam is", "ik heet",
    "nazywam się", "mam na imię", "jmenuji se", "moje jméno je", "volám sa", "jag heter", "mitt namn är", "jeg heter",
    "jeg hedder", "mit navn er", "mitt navn er", "nimeni on", "a nevem", "mă numesc", "numele meu este", "zovem se",
    "moje ime je", "ime mi je", "benim adım", "adım", "nama saya", "tên tôi là", "με λένε", "ονομάζομαι", "меня зовут",
    "мене звати", "казвам се", "зовем се", "اسمي", "שמי", "मेरा नाम", "jina langu ni", "mano vardas", "mani sauc",
    "minu nimi on", "ég heiti", "em dic",
)  # fmt: skip
# Letters, labels and credits: two words with a capital after them, or one that is listed.
BESIDE = (
    "dear", "i'm", "i’m", "i am", "hi", "hello", "liebe", "lieber", "cher", "chère", "estimado", "estimada",
    "querido", "querida", "prezado", "prezada", "caro", "cara", "gentile", "beste", "geachte", "drogi", "droga", "szanowny",
    "szanowna", "vážený", "milý", "milá", "kära", "käre", "kære", "kjære", "hyvä", "kedves", "tisztelt", "dragă", "stimate",
    "poštovani", "dragi", "draga", "sevgili", "αγαπητέ", "αγαπητή", "уважаемый", "уважаемая", "дорогой", "дорогая",
    "шановний", "шановна", "уважаеми",
    "sincerely", "regards", "best wishes", "yours truly", "yours faithfully", "cheers", "signed", "signed by",
    "freundlichen grüßen", "viele grüße", "liebe grüße", "cordialement", "bien à vous", "saludos", "atentamente",
    "atenciosamente", "cumprimentos", "cordiali saluti", "distinti saluti", "vriendelijke groet", "pozdrawiam", "pozdravem",
    "vänlig hälsning", "venlig hilsen", "vennlig hilsen", "terveisin", "üdvözlettel", "cu stimă", "saygılarımla",
    "trân trọng", "с уважением", "з повагою", "με εκτίμηση", "hormat saya",
    "name:", "full name:", "names:", "first name:", "nom :", "nom:", "nombre:", "nome:", "naam:", "imię i nazwisko:",
    "jméno:", "namn:", "navn:", "nimi:", "név:", "nume:", "ime:", "adı soyadı:", "nama:", "họ tên:", "όνομα:", "имя:", "фио:",
    "ім'я:", "الاسم:", "שם:", "नाम:", "contact:", "contact person:", "ansprechpartner:", "patient:", "employee:",
    "author:", "authors:", "autor:", "auteur:", "autore:", "автор:", "written by", "directed by", "edited by",
    "created by", "maintained by", "translated by", "posted by", "contributed by", "composed by", "sung by", "founded by",
    "signed-off-by:", "reviewed-by:", "reported-by:", "acked-by:", "tested-by:", "co-authored-by:", "from:", "to:", "cc:",
    "sender:", "reply-to:", "maintainer:", "attn:", "c/o", "von:", "de:", "от:",
)  # fmt: skip
# After a name.
AFTERWARDS = (
    "wrote",
    "wrote:",
    "writes:",
    "schrieb",
    "a écrit",
    "escribió",
    "escreveu",
    "ha scritto",
    "schreef",
    "пишет",
)
