"""Names of months in many languages."""

from __future__ import annotations

import unicodedata
from functools import cache

# Twelve names a language, in order; several forms of one month are parted by /. Three letters and more of a name are an
# abbreviation of it; up to four letters may follow four and more of it (января, heinäkuuta).
_NAMES = """
january february march april may june july august september october november december
jan feb mar apr may jun jul aug sept oct nov dec
januar/jänner feber/februar mrz/märz april mai juni juli august september oktober november dezember
janvier février/fevrier mars avril mai juin juillet août/aout septembre octobre novembre décembre
enero febrero marzo abril mayo junio julio agosto setiembre/septiembre octubre noviembre diciembre
janeiro fevereiro março/marco abril maio junho julho agosto setembro outubro novembro dezembro
gener febrer març abril maig juny juliol ag/agost setembre octubre novembre desembre
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
januari februari mrt/maart april mei juni juli augustus september oktober november december
januar februar mars/marts april/apríl maj/maí juni/júní juli/júlí ágúst/augusti september oktober/október
november/nóvember desember
ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie
tammik helmik maalisk huhtik toukok kesäk heinäk elok syysk lokak marrask jouluk
jaanuar veebruar märts aprill mai juuni juuli august september oktoober november detsember
janvār februār mart aprīl maij jūnij jūlij august septembr oktobr novembr decembr
sausio vasario kovo/kovas balandis gegužės birželio liepa rugpjūčio rugsėjo spalio lapkričio gruodis
styczeń luty/lutego marca/marzec kwiecień maja czerwca lipca/lipiec sierpień wrzesień października listopad grudnia
leden/ledna února březen duben/dubna květen červen červenec srpen/srpna září říjen/října listop prosin
január február marec/marca apríl mája júna júla august september október november december
január február március április május június július augusztus szeptember október november december
januar februar mart/marec april/travanj maj/svibanj junij/lipanj julij/srpanj avgust/kolovoz rujan/septembar
oktobar/listopad studeni/novembar decembar/prosinac
siječanj veljače ožujka travnja svibnja lipnja srpnja kolovoza rujna listopada studenoga prosinca
январ феврал март апрел мая/май июня июля август сентябр октябр ноябр декабр
січня/січень лютий/лютого березня квітня травня червня липня/липень серпня вересня жовтня листопад грудня
јануар фебруар март април маја јуна јула август септембар октобар новембар децембар
януари февруари март април май юни юли август септември октомври ноември декември
ιανουάριος/ιανουαρίου φεβρουάριος/φεβρουαρίου μάρτιος/μαρτίου απρίλιος/απριλίου μάιος/μαΐου ιούνιος/ιουνίου
ιούλιος/ιουλίου αύγουστος/αυγούστου σεπτέμβριος/σεπτεμβρίου οκτώβριος/οκτωβρίου νοέμβριος/νοεμβρίου
δεκέμβριος/δεκεμβρίου
ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık
januari februari/pebruari mac/maret april mei juni juli/julai ogos/agustus september oktober november
disember/desember
enero pebrero marso abril mayo hunyo hulyo agosto setyembre oktubre nobyembre disyembre
يناير/كانون شباط/فبراير مارس/آذار أبريل/إبريل/نيسان مايو/أيار يونيو/حزيران تموز/يوليو آب/أغسطس أيلول/سبتمبر
تشرين/أكتوبر نوفمبر ديسمبر
فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند
ژانویه فوریه مارس آوریل مه/می/مهٔ ژوئن ژوئیه/جولای اوت سپتامبر اکتبر نوامبر دسامبر
جنوری فروری مارچ اپریل مئی جون جولائی اگست ستمبر اکتوبر نومبر دسمبر
ינואר פברואר מרץ/מרס אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר
जनवरी फरवरी/फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर/सितम्बर अक्टूबर/अक्तूबर नवंबर/नवम्बर दिसंबर/दिसम्बर
জানুয়ারি ফেব্রুয়ারি মার্চ এপ্রিল মে জুন জুলাই আগস্ট সেপ্টেম্বর অক্টোবর নভেম্বর ডিসেম্বর
ஜனவரி பிப்ரவரி மார்ச் ஏப்ரல் மே ஜூன் ஜூலை ஆகஸ்ட் செப்டம்பர் அக்டோபர் நவம்பர் டிசம்பர்
ม.ค/มกราคม ก.พ/กุมภาพันธ์ มี.ค/มีนาคม เม.ย/เมษายน พ.ค/พฤษภาคม มิ.ย/มิถุนายน ก.ค/กรกฎาคม ส.ค/สิงหาคม ก.ย/กันยายน
ต.ค/ตุลาคม พ.ย/พฤศจิกายน ธ.ค/ธันวาคม
xaneiro febreiro marzo abril maio xuño xullo agosto setembro outubro novembro decembro
januari februari machi aprili mei juni julai agosti septemba oktoba novemba desemba
yanvar fevral mart aprel may iyn/iyun iyl/iyul avqust sentyabr oktyabr noyabr dekabr
janúar/januar februar mars apríl maí júní júlí ágúst szept/september október nóvember desember
қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан
urtarril otsail martxo apiril maiatz ekain uztail abuztu irail urri azaro abendu
"""
_SHORT, _STEM, _ENDING = 3, 4, 4  # letters: of an abbreviation, of a stem, of what inflection adds to it


def _plain(word: str) -> str:
    return unicodedata.normalize("NFC", word).casefold().strip(".׳॰'")


def _shortest(name: str) -> int:
    return _SHORT - ("\u0900" <= name < "\u0e00")  # scripts of India, where a letter is a syllable


@cache
def _months() -> dict[str, int]:
    full = {_plain(form): place % 12 + 1 for place, forms in enumerate(_NAMES.split()) for form in forms.split("/")}
    return {name[:size]: number for name, number in full.items() for size in range(_shortest(name), len(name))} | full


def month_of(word: str) -> int:
    """The number of the month that a word names, in full or short, inflected or not; 0 if it names none.

    The few names that neighbours give to different months (listopad) go by the first language above.
    """
    word = _plain(word).removeprefix("ב")  # Hebrew writes "in" as a part of the word
    sizes = (len(word), *range(len(word) - 1, max(_STEM, len(word) - _ENDING) - 1, -1))
    return next((_months()[word[:size]] for size in sizes if word[:size] in _months()), 0)
