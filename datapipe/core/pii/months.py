"""Names of months in many languages."""

from __future__ import annotations

import unicodedata

# Twelve names a line, in order; several forms of one month are parted by /. Three letters and more of a name are an
# abbreviation of it; up to four letters may follow four and more of it (января, heinäkuuta).
_NAMES = """
january february march april may june july august september october november december
jan feb mar apr may jun jul aug sep/sept oct nov dec
januar/jänner/jän februar/feber märz/mrz april mai juni juli august september oktober/okt november dezember/dez
janvier/janv février/févr/fév/fevrier mars avril/avr mai juin juillet/juil août/aout septembre octobre novembre décembre/déc
enero/ene febrero marzo abril/abr mayo junio julio agosto/ago septiembre/setiembre octubre noviembre diciembre/dic
janeiro fevereiro/fev março/marco abril maio junho julho agosto setembro/set outubro/out novembro dezembro
gener febrer març abril maig juny juliol agost/ag setembre octubre novembre desembre
gennaio/genn febbraio/febbr marzo aprile maggio/magg giugno/giu luglio/lug agosto settembre/sett ottobre/ott novembre dicembre
januari februari maart/mrt april mei juni juli augustus september oktober november december
januar februar marts/mars april/apríl maj/maí juni/júní juli/júlí august/augusti/ágúst september oktober/október november/nóvember desember
ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie
tammik helmik maalisk huhtik toukok kesäk heinäk elok syysk lokak marrask jouluk
jaanuar veebruar märts aprill mai juuni juuli august september oktoober november detsember
janvār februār mart aprīl maij jūnij jūlij august septembr oktobr novembr decembr
sausio/sausis vasario/vasaris kovo/kovas balandžio/balandis gegužės/gegužė birželio/birželis liepos/liepa rugpjūčio/rugpjūtis rugsėjo/rugsėjis spalio/spalis lapkričio/lapkritis gruodžio/gruodis
styczeń/stycznia/stycz luty/lutego marzec/marca kwiecień/kwietnia maj/maja czerwiec/czerwca lipiec/lipca sierpień/sierpnia wrzesień/września październik/października/paźdz listopad grudzień/grudnia
leden/ledna únor/února březen/března duben/dubna květen/května červen/června červenec/července srpen/srpna září říjen/října listop prosin
január február marec/marca apríl máj/mája jún/júna júl/júla august september október november december
január február március/márc április/ápr május/máj június/jún július/júl augusztus/aug szeptember október november december
januar februar mart/marec april/travanj maj/svibanj jun/junij/lipanj jul/julij/srpanj avgust/kolovoz septembar/septembra/rujan oktobar/oktobra/listopad novembar/novembra/studeni decembar/decembra/prosinac
siječ/siječanj velj/veljače ožuj/ožujka travnja svibnja lipnja srpnja kolovoza rujna listopada studenog/studenoga prosinca
январ/янв феврал/фев март/мар апрел/апр мая/май июн/июня июл/июля август/авг сентябр/сен/сент октябр/окт ноябр/ноя декабр/дек
січень/січня лютий/лютого березень/березня квітень/квітня травень/травня червень/червня липень/липня серпень/серпня вересень/вересня жовтень/жовтня листопад грудень/грудня
јануар фебруар март април мај/маја јун/јуна јул/јула август септембар/септембра октобар/октобра новембар/новембра децембар/децембра
януари февруари март април май юни юли август септември октомври ноември декември
ιανουάριος/ιανουαρίου/ιαν φεβρουάριος/φεβρουαρίου/φεβ μάρτιος/μαρτίου/μαρ απρίλιος/απριλίου/απρ μάιος/μαΐου/μαΐ ιούνιος/ιουνίου/ιουν ιούλιος/ιουλίου/ιουλ αύγουστος/αυγούστου/αυγ σεπτέμβριος/σεπτεμβρίου/σεπ οκτώβριος/οκτωβρίου/οκτ νοέμβριος/νοεμβρίου/νοε δεκέμβριος/δεκεμβρίου/δεκ
ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık
januari/januar februari/pebruari mac/maret april mei jun/juni julai/juli ogos/agustus september oktober november disember/desember
enero pebrero marso abril mayo hunyo hulyo agosto setyembre oktubre nobyembre disyembre
يناير/كانون فبراير/شباط مارس/آذار أبريل/إبريل/نيسان مايو/أيار يونيو/حزيران يوليو/تموز أغسطس/آب سبتمبر/أيلول أكتوبر/تشرين نوفمبر ديسمبر
فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند
ژانویه فوریه مارس آوریل مه/می/مهٔ ژوئن ژوئیه/جولای اوت سپتامبر اکتبر نوامبر دسامبر
جنوری فروری مارچ اپریل مئی جون جولائی اگست ستمبر اکتوبر نومبر دسمبر
ינואר פברואר מרץ/מרס אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר
जनवरी फ़रवरी/फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर/सितम्बर अक्टूबर/अक्तूबर नवंबर/नवम्बर दिसंबर/दिसम्बर
জানুয়ারি/জানুয়ারী ফেব্রুয়ারি/ফেব্রুয়ারী মার্চ এপ্রিল মে জুন জুলাই আগস্ট সেপ্টেম্বর অক্টোবর নভেম্বর ডিসেম্বর
ஜனவரி பிப்ரவரி மார்ச் ஏப்ரல் மே ஜூன் ஜூலை ஆகஸ்ட் செப்டம்பர் அக்டோபர் நவம்பர் டிசம்பர்
มกราคม/ม.ค กุมภาพันธ์/ก.พ มีนาคม/มี.ค เมษายน/เม.ย พฤษภาคม/พ.ค มิถุนายน/มิ.ย กรกฎาคม/ก.ค สิงหาคม/ส.ค กันยายน/ก.ย ตุลาคม/ต.ค พฤศจิกายน/พ.ย ธันวาคม/ธ.ค
xaneiro febreiro marzo abril maio xuño xullo agosto setembro outubro novembro decembro
januari februari machi aprili mei juni julai agosti septemba oktoba novemba desemba
yanvar fevral mart aprel may iyun/iyn iyul/iyl avqust sentyabr oktyabr noyabr dekabr
janúar/januar februar mars apríl maí júní júlí ágúst september/szept október/októbra nóvember desember
қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан
urtarril otsail martxo apiril maiatz ekain uztail abuztu irail urri azaro abendu
"""
_SHORT, _STEM, _ENDING = 3, 4, 4  # letters: of an abbreviation, of a stem, of what inflection adds to it


def _plain(word: str) -> str:
    return unicodedata.normalize("NFC", word).casefold().strip(".׳॰'")


def _shortest(name: str) -> int:
    return _SHORT - ("\u0900" <= name < "\u0e00")  # scripts of India, where a letter is a syllable


_FULL = {
    _plain(form): number
    for line in _NAMES.strip().split("\n")
    for number, forms in enumerate(line.split(), 1)
    for form in forms.split("/")
}
_MONTHS = {name[:size]: number for name, number in _FULL.items() for size in range(_shortest(name), len(name))} | _FULL


def month_of(word: str) -> int:
    """The number of the month that a word names, in full or short, inflected or not; 0 if it names none.

    The few names that neighbours give to different months (listopad) go by the first language above.
    """
    word = _plain(word).removeprefix("ב")  # Hebrew writes "in" as a part of the word
    sizes = (len(word), *range(len(word) - 1, max(_STEM, len(word) - _ENDING) - 1, -1))
    return next((_MONTHS[word[:size]] for size in sizes if word[:size] in _MONTHS), 0)
