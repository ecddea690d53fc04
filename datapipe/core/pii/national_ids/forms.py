"""How the numbers of persons are written in many countries, what proves them, and the words beside them.

A picture is a number with 0 for a digit and A for a letter. Three lists of pictures, parted by |, by how much they say:

  alone   little else has that shape: with right check digits (or by its structure) a hit without a cue
  formed  much else has it; with right check digits a hit beside a cue or in a text of the language
  bare    digits in a row: one in ten passes a check digit, so only a cue makes it a hit

Which numbers stand alone was decided on 155 MB of manuals, code, papers, books and mail (none wrong in the end) and on
made-up look-alikes: 15 digits in a row with right check digits, for one, are payment cards more often than French.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from datapipe.core.pii.national_ids import checks as own


class Form(NamedTuple):
    """A number of persons.

    check   a module of python-stdnum, or a rule of our own         like  what the number alone (no separators) begins with
    proven  whether check digits prove it (else only its structure) keep  separators that the check wants to see
    cues    words beside it, in any case, parted by |               short abbreviations that are words in small letters
    written a pattern of ways of writing that have the shape of no candidate; looked for after a cue
    """

    name: str
    check: str | Callable[[str], bool]
    alone: str = ""
    formed: str = ""
    bare: str = ""
    langs: str = ""
    cues: str = ""
    short: str = ""
    like: str = ""
    proven: bool = True
    keep: str = ""
    written: re.Pattern[str] | None = None


# Words for a national number of whatever country.
ANY = (
    "national id|national id number|national identification number|national identity number|national insurance id|"
    "identity number|identity card number|identity card no|id card number|id card no|personal identification number|"
    "personal identity number|personal identity code|citizen id|tax identification number|taxpayer identification number|"
    "tax id|tax id number|tax number|personal id number|personal number|citizenship number|government id|id number|id no|"
    "national_id|national_id_number|nationalid|tax_id|taxid|id_number|id_no|identity_number|personal_id|ssn|social_security"
)
_NINE = "000000000"
_TEN = "0000000000"
_ELEVEN = "00000000000"
_TWELVE = "000000000000"
_THIRTEEN = "0000000000000"

FORMS: tuple[Form, ...] = (
    # America
    Form("us_ssn", own.us_ssn, "000-00-0000|000 00 0000", "", _NINE, "",
         "ssn|ssns|social security|social sec|soc sec|taxpayer identification number|taxpayer id", "SSN|ssn",
         proven=False),
    Form("us_itin", "us.itin", "000-00-0000", "000 00 0000", _NINE, "",
         "itin|individual taxpayer|taxpayer identification number", like="9", proven=False),
    Form("ca_sin", own.ca_sin, "", "000-000-000|000 000 000", _NINE, "", "social insurance|assurance sociale",
         "SIN|NAS"),
    Form("mx_curp", "mx.curp", "AAAA000000AAAAAAA0|AAAA000000AAAAAA00", langs="es",
         cues="curp|clave única de registro"),
    Form("mx_rfc", "mx.rfc", "",
         "AAAA000000AA0|AAAA000000A00|AAAA000000AAA|AAAA000000A0A|AAAA0000000A0|AAAA0000000AA|AAAA00000000A|"
         "" "" "" "" "" "AAAA000000000", langs="es", cues="registro federal de contribuyentes", short="RFC|R.F.C.",
         proven=False),
    Form("br_cpf", "br.cpf", "000.000.000-00", "000000000-00", _ELEVEN, "pt",
         "cpf|cpf/mf|cadastro de pessoas físicas", "CPF|cpf"),
    Form("ar_cuil", "ar.cuit", "00-00000000-0", "", _ELEVEN, "es", "cuil|cuit|clave única de identificación",
         like="2[0-7]"),
    Form("ar_dni", own.always, "", "", "00.000.000|00000000", "es", "dni|documento nacional de identidad", "DU",
         proven=False),
    Form("cl_rut", "cl.rut", "00.000.000-0|00.000.000-A|0.000.000-0|0.000.000-A",
         "00000000-0|00000000-A|0000000-0|0000000-A", "000000000|00000000A", "es",
         "rol único|r.u.t.|cédula de identidad", "RUT|RUN"),
    Form("uy_ci", own.uy_ci, "", "0.000.000-0", "0000000-0|00000000", "es", "cédula de identidad|cédula"),
    Form("ec_ci", "ec.ci", "", "", "0000000000|000000000-0", "es", "cédula de identidad|cédula de ciudadanía|cédula",
         like="[0-2]"),
    Form("do_cedula", "do.cedula", "", "000-0000000-0", _ELEVEN, "es", "cédula|cédula de identidad"),
    # South and west of Europe
    Form("es_dni", "es.dni", "00000000A|00000000-A|00.000.000-A|00.000.000A", "00000000 A", "", "es ca gl eu",
         "dni|nif|documento nacional de identidad"),
    Form("es_nie", "es.nie", "A0000000A|A-0000000-A|A0000000-A|A-0000000A", "", "", "es ca gl eu",
         "nie número|número de identidad de extranjero", "NIE", "[XYZ]"),
    Form("pt_nif", "pt.nif", "", "000 000 000|000.000.000", _NINE, "pt", "nif|contribuinte|identificação fiscal",
         "NIF|NIPC", "[123]"),
    Form("pt_cc", "pt.cc", "000000000AA0", "", "", "pt", "cartão de cidadão|cartão do cidadão",
         written=re.compile(r"\d{8} ?\d ?[A-Z]{2}\d")),
    Form("fr_nir", "fr.nir", "0 00 00 00 000 000 00|0000000000000 00|00000A000000000|0.00.00.00.000.000.00",
         "000000000000000", "", "fr", "sécurité sociale|numéro de sécu|numéro insee|n° insee|n° de sécu", "NIR|NIRPP",
         "[1-478]..(0[1-9]|1[0-2]|[2-4])", written=re.compile(r"[12] ?\d\d ?\d\d ?2[AB] ?\d{3} ?\d{3} ?\d\d")),
    Form("it_codice_fiscale", "it.codicefiscale", "AAAAAA00A00A000A", "", "", "it", "codice fiscale", "C.F.",
         written=re.compile(r"[A-Z]{3} ?[A-Z]{3} ?[0-9L-V]{2}[A-EHLMPRST][0-9L-V]{2} ?[A-Z][0-9L-V]{3} ?[A-Z]", re.IGNORECASE)),
    Form("gr_amka", "gr.amka", "", "", _ELEVEN, "el", "αμκα|α.μ.κ.α|amka"),
    Form("gr_afm", "gr.vat", "", "", _NINE, "el", "αφμ|α.φ.μ|afm"),
    Form("be_rijksregister", own.be_rijksregister,
         "00.00.00-000.00|00.00.00-000-00|00.00.00 000 00|00.00.00 000-00|00.00.00-000 00|00.00.00.000.00|"
         "" "" "" "" "" "000000-000-00|000000-000.00", "000000 000 00", _ELEVEN, "nl fr de",
         "rijksregisternummer|rijksregister|registre national|nationalregister|insz|niss|numéro national"),
    Form("nl_bsn", "nl.bsn", "", "0000.00.000|000.000.000|0000 00 000|000 000 000", _NINE, "nl",
         "bsn|burgerservicenummer|sofinummer|sofi-nummer|citizen service number"),
    # Germany, Austria, Switzerland
    Form("de_steuer_id", "de.idnr", "", "00 000 000 000", _ELEVEN, "de",
         "steuer-id|steuer-idnr|steueridentifikationsnummer|steuerliche identifikationsnummer|"
         "" "" "" "" "" "identifikationsnummer|steuernummer|idnr|german tax id"),
    Form("de_svnr", own.de_svnr, "00000000A000", "", "", "de",
         "sozialversicherungsnummer|rentenversicherungsnummer|versicherungsnummer",
         written=re.compile(r"\d\d ?\d{6} ?[A-Z] ?\d{2} ?\d")),
    Form("at_svnr", "at.vnr", "", "0000 000000|0000-000000|0000/000000", _TEN, "de",
         "sozialversicherungsnummer|versicherungsnummer|svnr|sv-nummer|sv-nr"),
    Form("ch_ahv", "ch.ssn", "000.0000.0000.00|0000000000000", "", "", "de fr it rm",
         "ahv|ahv-nummer|ahv-nr|avs|numéro avs|navs13|sozialversicherungsnummer", like="756"),
    # United Kingdom, Ireland
    Form("gb_nino", own.always, "", "AA000000A", "", "", "national insurance|ni number|ni no|nino", "NINO|NI",
         "(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z].*[A-D]$", proven=False,
         written=re.compile(r"[A-Z]{2} ?\d\d ?\d\d ?\d\d ?[A-D]", re.IGNORECASE)),
    Form("gb_nhs", "gb.nhs", "", "", "000 000 0000|000-000-0000|0000000000", "", "nhs number|nhs no|nhs", "NHS"),
    Form("ie_pps", "ie.pps", "", "0000000A|0000000AA", "", "", "pps number|ppsn|pps no|personal public service",
         "PPS|PPSN"),
    # North of Europe
    Form("se_personnummer", own.se_personnummer, "000000-0000|00000000-0000", "", "0000000000|000000000000", "sv",
         "personnummer|personnr|samordningsnummer|swedish personal"),
    Form("no_fodselsnummer", own.no_fodselsnummer, "000000 00000", _ELEVEN, "", "no nb nn",
         "fødselsnummer|fødselsnr|personnummer|d-nummer|fødsels- og personnummer"),
    Form("dk_cpr", own.dk_cpr, "", "000000-0000|000000 0000", _TEN, "da",
         "cpr|cpr-nummer|cpr-nr|personnummer|cpr nummer|cpr nr", proven=False),
    Form("fi_hetu", "fi.hetu", "000000-000A|000000A000A|000000-0000|000000A0000", "", "", "fi sv",
         "henkilötunnus|hetu|sotu|henkilötunnuksen|personbeteckning", keep="-+"),
    Form("is_kennitala", "is_.kennitala", "000000-0000", "000000 0000", _TEN, "is", "kennitala|kennitölu|kt"),
    Form("ee_isikukood", "ee.ik", "", "", _ELEVEN, "et", "isikukood|isikukoodi|isikukoodiga"),
    Form("lv_pk", own.lv_pk, "000000-00000", "", _ELEVEN, "lv", "personas kods|personas kodu|personas koda|p.k."),
    Form("lt_asmens_kodas", "lt.asmens", "", "", _ELEVEN, "lt", "asmens kodas|asmens kodo|asmens kodą|a.k."),
    # Middle and east of Europe
    Form("pl_pesel", "pl.pesel", "", "", _ELEVEN, "pl", "pesel|peselu|nr pesel|numer pesel"),
    Form("cz_rc", "cz.rc", "000000/0000", "000000/000", "0000000000|000000000", "cs sk",
         "rodné číslo|rodného čísla|rodným číslem|rodne cislo|r.č.|rč"),
    Form("hu_taj", own.hu_taj, "", "", "000 000 000|000-000-000|000000000", "hu",
         "taj|taj-szám|taj szám|társadalombiztosítási"),
    Form("hu_ado", own.hu_ado, "", "", _TEN, "hu", "adóazonosító|adóazonosító jel|adószám", like="8"),
    Form("ro_cnp", "ro.cnp", "", "", _THIRTEEN, "ro", "cnp|cod numeric personal|codul numeric personal"),
    Form("bg_egn", "bg.egn", "", "", _TEN, "bg", "егн|единен граждански номер|egn"),
    Form("yu_jmbg", "si.emso", "", "", _THIRTEEN, "sr hr bs sl mk sh me",
         "jmbg|јмбг|emšo|emso|мбр|ембг|матични број|matični broj|единствен матичен"),
    Form("hr_oib", "hr.oib", "", "", _ELEVEN, "hr", "oib|osobni identifikacijski"),
    Form("ru_snils", own.ru_snils, "000-000-000 00|000-000-000-00", "000 000 000 00", _ELEVEN, "ru",
         "снилс|страховой номер|snils"),
    Form("ru_inn", "ru.inn", "", "", _TWELVE, "ru", "инн|идентификационный номер налогоплательщика"),
    Form("ua_rnokpp", "ua.rntrc", "", "", _TEN, "uk ru",
         "рнокпп|іпн|ідентифікаційний код|ідентифікаційний номер|идентификационный код|податковий номер"),
    Form("kz_iin", own.kz_iin, "", "", _TWELVE, "kk ru", "иин|жсн|индивидуальный идентификационный номер"),
    # Near East, Africa
    Form("tr_tckn", "tr.tckimlik", "", "", _ELEVEN, "tr",
         "t.c. kimlik|tc kimlik|kimlik no|tckn|kimlik numarası|kimlik numaram|t.c. no|tc no", "TC|T.C."),
    Form("il_id", "il.idnr", "", "0-0000000-0|00000000-0|0000000-0", _NINE, "he",
         "תעודת זהות|ת.ז.|ת.ז|ת\"ז|ת״ז|מספר זהות|teudat zehut|israeli id"),
    Form("ae_eid", own.luhn, "000-0000-0000000-0|000000000000000", "", "", "ar",
         "emirates id|الهوية الإماراتية|رقم الهوية", like="784(19|20)"),
    Form("eg_id", own.eg_id, "", "", "00000000000000", "ar", "الرقم القومي|رقم قومي|رقم البطاقة|بطاقة الرقم القومي",
         like="[23]", proven=False),
    Form("za_id", own.za_id, "", "000000 0000 000|000000 0000 00 0", _THIRTEEN, "af zu xh st",
         "south african id|rsa id|sa id|id-nommer|identiteitsnommer|id number", like="..........[012]"),
    # Asia, Pacific
    Form("in_aadhaar", "in_.aadhaar", "", "0000 0000 0000|0000-0000-0000", _TWELVE,
         "hi bn ta te mr gu kn ml pa or as", "aadhaar|aadhar|adhaar|uidai|आधार", like="[2-9]"),
    Form("in_pan", "in_.pan", "AAAAA0000A", "", "", "hi",
         "permanent account number|pan card|pan number|pan no|स्थायी खाता", "PAN", "...P", proven=False),
    Form("pk_cnic", "pk.cnic", "00000-0000000-0", "", _THIRTEEN, "ur", "cnic|شناختی کارڈ|nicop", proven=False),
    Form("cn_ric", own.cn_ric, "000000000000000000|00000000000000000A", "", "", "zh",
         "身份证|身份證|公民身份号码|居民身份证"),
    Form("tw_id", own.tw_id, "", "A000000000", "", "zh", "身分證|身份證字號|身分證字號|國民身分證|統一證號|居留證",
         like="[A-Z][1289]"),
    Form("hk_id", own.hk_id, cues="身份證|身份證號碼|hkid|hong kong identity|香港身份證",
         written=re.compile(r"[A-Z]{1,2}\d{6} ?\([0-9A]\)")),
    Form("kr_rrn", own.kr_rrn, "000000-0000000", "", _THIRTEEN, "ko", "주민등록번호|주민번호|외국인등록번호",
         proven=False),
    Form("jp_my_number", "jp.in_", "", "0000 0000 0000|0000-0000-0000", _TWELVE, "ja",
         "マイナンバー|個人番号|my number|mynumber"),
    Form("th_pin", "th.pin", "0-0000-00000-00-0", "0 0000 00000 00 0", _THIRTEEN, "th",
         "ประจำตัวประชาชน|บัตรประชาชน|เลขบัตร|thai id"),
    Form("sg_nric", own.sg_nric, "A0000000A", "", "", "", "nric|nric/fin|fin number|fin no", "FIN", "[STFGM]"),
    Form("my_nric", own.my_nric, "000000-00-0000", "", _TWELVE, "ms",
         "mykad|nric|kad pengenalan|no. kp|ic number|ic no", "IC", proven=False),
    Form("id_nik", "id.nik", "", "", "0000000000000000", "id ms jv", "nomor induk kependudukan|no. ktp|nomor ktp|ktp",
         "NIK|KTP", proven=False),
    Form("vn_cccd", own.vn_cccd, "", "", _TWELVE, "vi", "căn cước công dân|căn cước|cccd|số định danh",
         like="0[0-9]{2}[0-3]", proven=False),
    Form("au_tfn", "au.tfn", "", "000 000 000|000-000-000", _NINE, "", "tax file number|tax file no|tfn", "TFN"),
    Form("au_medicare", own.au_medicare, "", "0000 00000 0|0000-00000-0", "0000000000|00000000000", "", "medicare",
         like="[2-6]"),
    Form("nz_ird", "nz.ird", "", "00-000-000|000-000-000|0000000-0|00000000-0", "00000000|000000000", "mi",
         "ird number|ird no|inland revenue", "IRD"),
)  # fmt: skip
