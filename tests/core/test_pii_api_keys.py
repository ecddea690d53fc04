"""Keys of services by prefix and form, and secrets that are given to a name.

Values are drawn here, so that no file holds anything that looks like a key. Forms: the documentation of the services.
"""

from __future__ import annotations

import base64
import json
import random
import string

import pytest

from datapipe.core.pii.recognizer import Recognizer
from datapipe.core.pii.secrets.assigned_keys import AssignedKeys
from datapipe.core.pii.secrets.randomness import changes, entropy, looks_random
from datapipe.core.pii.secrets.service_keys import ServiceKeys
from datapipe.core.pii.secrets.services import SERVICES
from tests.recognized import found, said, values

BOTH: list[Recognizer] = [ServiceKeys(), AssignedKeys()]
B62 = string.ascii_letters + string.digits
B64 = B62 + "-_"
HEX = "0123456789abcdef"
BASE32 = string.ascii_uppercase + "234567"


def drawn(signs: str, size: int, seed: int = 1) -> str:
    """A string that nobody has thought of, the same on every run."""
    return "".join(random.Random(f"{seed} {signs} {size}").choices(signs, k=size))


FORMS = [
    ("aws", "AKIA" + drawn(BASE32, 16)),
    ("aws", "ASIA" + drawn(BASE32, 16)),
    ("github", "ghp_" + drawn(B62, 36)),
    ("github", "ghs_" + drawn(B62, 36)),
    ("github", "github_pat_" + drawn(B62, 22) + "_" + drawn(B62, 59)),
    ("gitlab", "glpat-" + drawn(B64, 20)),
    ("slack", "xoxb-" + drawn(string.digits, 12) + "-" + drawn(B62, 24)),
    ("slack", "xoxp-" + "-".join(drawn(string.digits, 12, k) for k in range(3)) + "-" + drawn(HEX, 32)),
    ("slack", "hooks.slack.com/services/T" + drawn(BASE32, 8) + "/B" + drawn(BASE32, 9) + "/" + drawn(B62, 24)),
    ("stripe", "sk_live_" + drawn(B62, 24)),
    ("stripe", "rk_live_" + drawn(B62, 99)),
    ("google", "AIza" + drawn(B64, 34) + "x"),
    ("google", "GOCSPX-" + drawn(B64, 27) + "x"),
    ("openai", "sk-proj-" + drawn(B64, 123) + "x"),
    ("anthropic", "sk-ant-api03-" + drawn(B64, 92) + "x"),
    ("hugging_face", "hf_" + drawn(string.ascii_letters, 34)),
    ("npm", "npm_" + drawn(B62, 36)),
    ("pypi", "pypi-AgEIcHlwaS5vcmc" + drawn(B64, 99) + "x"),
    ("sendgrid", "SG." + drawn(B64, 22) + "." + drawn(B64, 42) + "x"),
    ("twilio", "SK" + drawn(HEX, 32)),
    ("mailgun", "key-" + drawn(HEX, 32)),
    ("mailchimp", drawn(HEX, 32) + "-us12"),
    ("telegram", "987654321:AA" + drawn(B64, 32) + "x"),
    ("discord", "MT" + drawn(B62, 22) + "." + drawn(B62, 6) + "." + drawn(B62, 27)),
    ("discord", "discord.com/api/webhooks/" + drawn(string.digits, 18) + "/" + drawn(B64, 67) + "x"),
    ("digitalocean", "dop_v1_" + drawn(HEX, 64)),
    ("shopify", "shpat_" + drawn(HEX, 32)),
    ("databricks", "dapi" + drawn(HEX, 32)),
    ("age", "AGE-SECRET-KEY-1" + drawn("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)),
    ("vault", "hvs." + drawn(B64, 90) + "x"),
    ("terraform", drawn(B62, 14) + ".atlasv1." + drawn(B64, 66) + "x"),
    ("azure", drawn(B62, 3) + "8Q~" + drawn(B62 + "_.~-", 33) + "x"),
    ("airtable", "pat" + drawn(B62, 14) + "." + drawn(HEX, 64)),
    ("facebook", "EAAC" + drawn(B62, 160)),
]


@pytest.mark.parametrize(("service", "key"), FORMS)
def test_forms_of_services_wherever_they_stand(service: str, key: str) -> None:
    places = ["{}", "export API_KEY={}\n", 'key = "{}"', "The token {} was lost.", "密钥{}。", "<{}>"]
    hits = {place: found(BOTH, place.format(key), 0.9) for place in places}
    assert hits == {place: [(f"api_key.{service}", key)] for place in places}
    assert hits == {place: found(BOTH, place.format(key)) for place in places}


@pytest.mark.parametrize(
    ("service", "key"), [form for form in FORMS if form[0] not in ("terraform", "slack", "discord", "azure")]
)
def test_what_stands_in_a_longer_word_is_none(service: str, key: str) -> None:
    assert all(f"api_key.{service}" != kind for kind, _, _ in said([ServiceKeys()], f"x{key}"))
    if key[-1] != "x":
        assert all(key != value for _, value, _ in said([ServiceKeys()], f"{key}Q"))


def test_the_part_after_a_name_alone_is_the_key() -> None:
    key = drawn(B62 + "+/", 86) + "=="
    assert values(BOTH, f"DefaultEndpointsProtocol=https;AccountName=x;AccountKey={key};Suffix=y") == [key]
    signature = drawn(B62, 43) + "%3D"
    assert values(BOTH, f"https://x.test/?sv=2022-11-02&sig={signature}&se=1") == [signature]


def test_check_sums_make_it_certain() -> None:
    # The example of the npm announcement's form: 30 signs, and their CRC-32 in base 62.
    right = "ghp_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ" + "0mLq17"
    assert said(BOTH, right) == [("api_key.github", right, 1.0)]
    wrong = right[:-1] + "8"
    assert said(BOTH, wrong) == [("api_key.github", wrong, 0.95)]


def encoded(part: object) -> str:
    """A part of a JSON Web Token."""
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def test_the_header_of_a_web_token_is_json() -> None:
    token = f"{encoded({'alg': 'HS256', 'typ': 'JWT'})}.{encoded({'sub': '1', 'iat': 1516239022})}.{drawn(B64, 43)}"
    assert said(BOTH, f"Cookie: t={token};") == [("api_key.jwt", token, 1.0)]
    assert said(BOTH, f"Authorization: Bearer {token}") == [("api_key.jwt", token, 1.0)]
    broken = "eyJ" + token[8:]
    assert values([ServiceKeys()], broken) == []


@pytest.mark.parametrize(
    "key",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "AKIAXXXXXXXXXXXXXXXX",
        "ghp_" + "x" * 36,
        "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789",
        "sk_live_" + "thisismyverysecretkey",
        "sk-" + "0" * 48,
        "xoxb-123456789012-" + "A" * 24,
        "hf_" + "yourtokenyourtokenyourtokenyourtok",
        "hooks.slack.com/services/T00000000/B00000000/" + "X" * 24,
    ],
)
def test_examples_of_manuals_score_low(key: str) -> None:
    assert values(BOTH, f'key = "{key}"') == []


SECRET, HEX_SECRET = drawn(B62, 32), drawn(HEX, 40)


PLACES = [
    "SECRET_KEY = '{}'",
    'client_secret: "{}"',
    '"apiKey": "{}",',
    "'auth_token' => '{}',",
    "API_TOKEN={}\n",
    'const accessToken: string = "{}";',
    'setApiKey("{}")',
    "secret key: {}",
    "https://x.test/?access_token={}&page=2",
    "tool --token {} --verbose",
    "Authorization: Bearer {}",
    "'Authorization': 'token {}'",
    '{{\\"secret\\": \\"{}\\"}}',
    "<add key='ApiSecret:{}'/>",
]


@pytest.mark.parametrize("text", PLACES)
@pytest.mark.parametrize("secret", [SECRET, HEX_SECRET])
def test_random_values_of_names_that_say_secret(text: str, secret: str) -> None:
    assert said(BOTH, text.format(secret)) == [("api_key", secret, 0.85)]


@pytest.mark.parametrize("text", PLACES)
@pytest.mark.parametrize("instead", ["", "<API_KEY>", "<API_KEY:hqzrbcdfghjklmnp>"])
def test_what_is_taken_out_leaves_no_hit_behind(text: str, instead: str) -> None:
    assert values(BOTH, text.format(instead) + f" {SECRET}") == []


def test_secrets_with_slashes_are_whole() -> None:
    secret = drawn(B62, 11) + "/" + drawn(B62, 9) + "/" + drawn(B62, 12) + "+" + drawn(B62, 5)
    assert values(BOTH, f"aws_secret_access_key = {secret}\n") == [secret]
    assert values(BOTH, f'"SecretAccessKey": "{secret}",') == [secret]


def test_credentials_of_the_basic_scheme() -> None:
    given = base64.b64encode(b"ada:" + drawn(B62, 12).encode()).decode()
    assert values(BOTH, f"Authorization: Basic {given}\n") == [given]
    assert values(BOTH, f"a Basic {given}") == []
    assert values(BOTH, "Authorization: Basic authentication is used") == []


HASH, UUID = drawn(HEX, 64), "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.mark.parametrize(
    "text",
    [
        f"{HASH}  file.tar.gz",
        f"commit {HASH[:40]}",
        f'"integrity": "sha512-{drawn(B62, 86)}=="',
        f"golang.org/x/text v0.3.0 h1:{drawn(B62, 43)}=",
        f"hash = {HASH!r}",
        f"public_key = '{SECRET}'",
        f"token = 'MIIBIj{SECRET}'",
        f'"recaptcha_site_key": "{SECRET}"',
        f"cache_key = {SECRET!r}",
        f"key = {HASH!r}",
        f"client_request_token: {UUID}",
        f"next_page_token = '{SECRET}'",
        f"ssh-rsa {drawn(B62, 372)} ada@host",
        f"256 SHA256:{drawn(B62, 43)} host (ED25519)",
        f"background: url(data:image/png;base64,{drawn(B62, 400)})",
        "token = os.environ['MY_SERVICE_TOKEN_2']",
        "secret = settings.credentials2.get_secret_value1()",
        "API_KEY=${MY_SECRET_API_KEY_1}",
        "api_key = 'your_api_key_goes_here_123'",
        "private_key: X25519PrivateKeyOrNone2",
        "i18n.token: messages.error.token_2_expired",
        "secret: /var/run/secrets/kubernetes1/token2",
        "monkey = 'a1b2c3d4e5f6a7b8c9d0'",
        "api_key = <API_KEY:hqzrbcdfghjklmnp>",
        f'"AWS::IAM::AccessKey": "{HASH[:16]}"',
    ],
)
def test_what_is_no_secret(text: str) -> None:
    assert values(BOTH, text) == []


@pytest.mark.parametrize(("signs", "share"), [(B62, 0.97), (HEX, 0.98), (string.ascii_lowercase + string.digits, 0.97)])
def test_strings_of_32_signs_that_were_drawn_are_told(signs: str, share: float) -> None:
    made = [drawn(signs, 32, seed).encode() for seed in range(500)]
    assert sum(map(looks_random, made)) >= share * 500


@pytest.mark.parametrize("name", ["getElementById2Node3", "Ed25519PrivateKeyTypes", "some_long_name_v2", "a" * 40, ""])
def test_names_are_not_random(name: str) -> None:
    assert not looks_random(name.encode())


def test_entropy_by_hand() -> None:
    assert entropy(b"") == entropy(b"aaaa") == 0
    assert entropy(b"abcdefgh") == 3
    assert changes(b"ab1") == 0.5
    assert changes(b"a") == 0


def test_no_prefix_is_there_twice() -> None:
    prefixes = [service.prefix for service in SERVICES]
    assert len(prefixes) == len(set(prefixes)) >= 100
