"""Other tools' patterns for personal data, for pii.py and pii_gold.py; runs where the tool is.

Takes {"name": tool, "texts": […]}; answers [seconds of CPU for the texts, spans of each text: [type, start, end]].
datatrove: PIIFormatter's e-mail and IP patterns with its check; the time is of `format`, which replaces. dolma: the
tagger of its released corpora. presidio: its pattern recognizers with a blank spaCy pipeline, those of e-mail, IP, phone
and card for time, eight types for spans. re2: datatrove's two patterns in Google's RE2.
"""

import json
import sys
import time

KNOWN = ("EMAIL_ADDRESS", "IP_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "CRYPTO", "MAC_ADDRESS")


def datatrove(whole):
    from datatrove.pipeline.formatters.pii import PIIFormatter

    formatter = PIIFormatter()
    both = (("EMAIL", formatter.emails_replacer), ("IP", formatter.ip_replacer))

    def spans(text):
        return [
            [kind, *match.span()]
            for kind, replacer in both
            for match in replacer.regex.finditer(text)
            if replacer.validator is None or replacer.validator(match.group())
        ]

    return formatter.format, spans


def dolma(whole):
    from dolma.core.data_types import Document
    from dolma.taggers.pii import FastPiiRegex

    tagger = FastPiiRegex()

    def tag(text):
        return tagger.predict(Document(source="", id="", text=text))

    return tag, lambda text: [[s.type, s.start, s.end] for s in tag(text).spans if s.type in KNOWN]


def presidio(whole):
    import presidio_analyzer.predefined_recognizers as known
    import spacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    class Blank(SpacyNlpEngine):
        def __init__(self):
            super().__init__(models=[{"lang_code": "en", "model_name": "blank"}])
            self.nlp = {"en": spacy.blank("en")}
            self.nlp["en"].max_length = 1 << 30

        def load(self):
            pass

        def is_loaded(self):
            return True

    names = ("Email", "Ip", "Phone", "CreditCard", "Iban", "UsSsn", "Crypto", "MacAddress")[: 8 if whole else 4]
    kinds = list(KNOWN[: len(names)])
    recognizers = [getattr(known, f"{n}Recognizer")() for n in names if hasattr(known, f"{n}Recognizer")]
    registry = RecognizerRegistry(recognizers=recognizers)
    engine = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["en"])

    def analyze(text):
        return engine.analyze(text, language="en", entities=kinds)

    return analyze, lambda text: [[found.entity_type, found.start, found.end] for found in analyze(text)]


def re2(whole):
    import ipaddress

    import re2 as engine

    label = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
    octet = r"(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)"
    local = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
    email = engine.compile(rf"\b{local}(?:\.{local})*@(?:{label}\.)+{label}")
    ip = engine.compile(rf"(?:{octet}\.){{3}}{octet}")

    def checked(match):
        try:
            return "0.0.0.0" if ipaddress.ip_address(match.group()).is_global else match.group()
        except ValueError:
            return match.group()

    def replace(text):
        return ip.sub(checked, email.sub("a@example.com", text))

    def spans(text):
        return [[kind, *m.span()] for kind, one in (("EMAIL", email), ("IP", ip)) for m in one.finditer(text)]

    return replace, spans


def main():
    given = json.load(sys.stdin)
    work, spans = {"datatrove": datatrove, "dolma": dolma, "presidio": presidio, "re2": re2}[given["name"]](
        given.get("spans")
    )
    work("warm up: a@b.com, 8.8.8.8 \n")
    began = time.process_time()
    if not given.get("spans"):
        for text in given["texts"]:
            work(text)
    seconds = time.process_time() - began
    found = [spans(text) for text in given["texts"]] if given.get("spans") else []
    print(json.dumps([seconds, found]))


if __name__ == "__main__":
    main()
