"""Values that are given to a password, and the many texts that only speak of one."""

from __future__ import annotations

import time

import pytest

from datapipe.core.pii.recognizer import Recognizer
from datapipe.core.pii.secrets.password_values import password_score
from datapipe.core.pii.secrets.passwords import Passwords
from tests.recognized import said, values

WORDS: list[Recognizer] = [Passwords()]
VALUE = "qP7kk1z"


PLACES = [
    "password = '{}'",
    "db_password: {}\n",
    "PGPASSWORD={} psql",
    '{{"password": "{}"}}',
    '"{{\\"password\\": \\"{}\\"}}"',
    "'password' => '{}',",
    "$config['password'] = '{}';",
    "<password>{}</password>",
    '<user name="ada" password="{}"/>',
    "https://x.test/login?user=a&password={}&x=1",
    "Server=x;User Id=sa;Password={};",
    "host=x password={} dbname=y",
    "tool --password={} run",
    "tool --password {} run",
    "mysql -u root -p{} db",
    "sshpass -p '{}' ssh host",
    "curl -u ada:{} https://x.test",
    "curl https://x.test \\\n  --user 'ada:{}'",
    "CREATE USER a IDENTIFIED BY '{}';",
    "ALTER ROLE a WITH PASSWORD '{}';",
    "machine x.test login ada password {}\n",
    "machine x.test\n  login ada\n  password {}\n",
    'setPassword("{}")',
    'password: str = "{}"',
    'char password[] = "{}";',
    'dbPass = "{}";',
    "DB_PASS={}\n",
    'if (password == "{}")',
    "pwd={}\n",
    "login: ada pw:{}",
    "openssl rsa -passin pass:{} -in x",
    "**Password**: `{}`",
    "The password is {}.",
    "my password is: {}",
    "password={}<br>",
    "PASSWORD: {}\r\n",
    "password：{}，",
]


@pytest.mark.parametrize("text", PLACES)
def test_the_value_alone_is_the_hit(text: str) -> None:
    assert values(WORDS, text.format(VALUE)) == [VALUE]


@pytest.mark.parametrize("text", PLACES)
@pytest.mark.parametrize("instead", ["", "<PASSWORD>", "<PASSWORD:hqzrbcdfghjklmnp>"])
def test_what_is_taken_out_leaves_no_hit_behind(text: str, instead: str) -> None:
    left = text.format(instead)
    assert values(WORDS, left if left.endswith(":") else left + " z9Y8x7w6") == []


@pytest.mark.parametrize(
    "given",
    [
        "Mot de passe : {}", "Das Passwort lautet {}", "Kennwort: {}", "Benutzerpasswort: {}",
        "Contraseña: {}", "la contraseña es {}", "Senha: {}",
        "Parola: {}", "Wachtwoord: {}", "Lösenord: {}", "Passord: {}", "Adgangskode: {}", "Salasana: {}", "Hasło to {}",
        "HASŁO: {}", "Heslo: {}", "Geslo: {}", "Lozinka: {}", "Jelszó: {}", "Şifre: {}", "Пароль: {}", "ПАРОЛЬ это: {}",
        "Парола: {}", "Лозинка: {}", "Κωδικός: {}", "סיסמה: {}", "كلمة المرور: {}", "رمز عبور: {}", "पासवर्ड: {}",
        "รหัสผ่าน: {}", "Mật khẩu: {}", "Kata sandi: {}", "密码：{}", "密码是{}。", "密碼：{}",
        "パスワード：{}", "パスワードは{}です",
        "비밀번호: {}", "Slaptažodis: {}", "Parool: {}",
    ],
)  # fmt: skip
def test_cues_of_many_languages(given: str) -> None:
    assert values(WORDS, given.format(VALUE)) == [VALUE]


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("password = 'Tr0ub4dor&3'", 0.85),
        ("password: hunter27", 0.6),
        ("the password is hunter27", 0.6),
        ("password = 'sesamoid'", 0.6),
        ("password: 'correcthorse!A'", 0.7),
        ("password = '7391650284'", 0.6),
        ("password = 'password123'", 0.45),
        ("password: sesamoid", 0.3),
        ("password=M($7GDKgC@ ssl=1", 0.85),
        ("passwd: '$7hGDKgC@w'", 0.85),
        ("password: 1897kQzm", 0.85),
        ("CREATE USER bob IDENTIFIED BY 'hunter27x'", 0.6),
        ("password: 'Enter a new one'", 0.3),
    ],
)
def test_scores_follow_the_form_of_a_value(text: str, score: float) -> None:
    assert [found for _, _, found in said(WORDS, text, least=0.0)] == [score]


@pytest.mark.parametrize(
    "text",
    [
        "password: the user's secret word",
        "The password is stored in /etc/shadow, the old password is required.",
        "password = getpass.getpass()",
        'a file identified by "netmap-1.pid"',
        "\nPASS: vers15\nPASS: vers16a1\nPASS: vers16",
        "d_grpasswd='define'",
        "password=self.password1",
        "password = $password1",
        "PASSWORD=%s PASSWORD=%(pass1)s",
        "password={password1}",
        "password = '{{ vault_pass1 }}'",
        "password: ${DB_PASSWORD1}",
        "password = os.environ['DB_PASSWORD_1']",
        "password: str, password: String, password: Optional[str]",
        "password TEXT NOT NULL",
        "password VARCHAR(255)",
        "password: bool=True",
        "password = None; password = ''; password = true",
        "password: ********",
        "password: xxxxxxxx",
        "Password:",
        "Password: \nhunter27",
        "password: <password>",
        "password = your_password_1",
        "password = changeme",
        "--password=PASSWORD_1",
        "--password FILE",
        "'password' => 'required|min:8'",
        "password: 'Contraseña'",
        '"password": "Mot de passe"',
        "bypass: a1b2c3d4x",
        "compass=a1b2c3d4x",
        "KPW:408:North",
        "password: 0123456789abcdeffedcba9876543210",
        "Dein Passwort ist ung\\u00fcltig1.",
        "password_hash = 'a9f8b7c6d5'",
        "password: sha256",
        "password = '$2b$12$" + "abcdefgh1234" + "'",
        "password file: /etc/passwd.1",
        "password: see RFC2617",
        "password = '/run/secrets/db1'",
        "identified by 'format'",
        "mysql -u root -p db1",
        "password = hash_password(x9, y8)",
        "validate(password, 'label', z) if password else q9w8e7",
        "password:  removed8x next9word",
        "password = <PASSWORD>",
        "password: <PASSWORD:hqzrbcdfghjklmnp>",
        'type="password" name="x1y2z3w4"',
    ],
)
def test_what_is_no_password(text: str) -> None:
    assert values(WORDS, text) == []


def test_hits_end_between_characters() -> None:
    text = "密码：qP7kk1z😀 пароль: Ключ12345!\0 contraseña='ñandú99x'"
    assert values(WORDS, text) == [VALUE, "Ключ12345!", "ñandú99x"]
    assert values(WORDS, "пароль: " + "я1" * 200) == []


@pytest.mark.parametrize("sign", ["a", "A", "_", "x1_", "a.", "a|", "a:1|", "1.", "Aa", "$", "\\"])
def test_no_value_takes_long_to_weigh(sign: str) -> None:
    start = time.process_time()
    for end in ("9A!", "!", "(", ""):
        password_score((sign * 80)[: 80 - len(end)] + end, quoted=False)
    assert (
        time.process_time() - start < 2
    )  # it takes a millisecond; a pattern that tries all ways of 80 signs never ends
