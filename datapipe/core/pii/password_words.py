"""Words for a password in many languages, and values that no password is."""

from __future__ import annotations

# As they stand in settings and forms. With a sign at their end: words that mean this only as a name beside that sign.
CUES: tuple[str, ...] = (
    "password", "passwd", "passwrd", "passphrase", "passcode", "pwd", "pswd", "pw:", "pw=", "_pass", "pass=", "pass =", 'pass"', "pass'", "pass:",  # English
    "passwort", "kennwort", "mot de passe", "mdp", "contraseña", "contrasena", "contrasenya", "contrasinal", "senha",
    "palavra-passe", "parola", "parolă", "wachtwoord", "lösenord", "passord", "adgangskode", "kodeord", "salasana",
    "parool", "parole", "slaptažodis", "hasło", "haslo", "heslo", "geslo", "lozinka", "zaporka", "jelszó", "şifre", "sifre",
    "fjalëkalimi", "pasahitza", "lykilorð", "mật khẩu", "kata sandi", "katasandi", "kata laluan", "nywila",
    "пароль", "парола", "лозинка", "құпиясөз", "κωδικός", "συνθηματικό", "գաղտնաբառ", "პაროლი", "סיסמה", "סיסמא",
    "كلمة المرور", "كلمة السر", "گذرواژه", "رمز عبور", "पासवर्ड", "পাসওয়ার্ড", "கடவுச்சொல்", "รหัสผ่าน", "密码", "密碼",
    "口令", "パスワード", "暗証番号", "비밀번호", "암호",
)  # fmt: skip

# "The password is X" in the languages above; the sign of a question or a list may follow.
IS: tuple[str, ...] = (
    "is", "was", "are", "ist", "lautet", "est", "es", "é", "è", "to", "jest", "är", "er", "on", "je", "este", "это", "является",
    "είναι", "dır", "là", "adalah", "هي", "هو", "है", "คือ", "是", "为", "為", "は", "は、", "는", "은",
)  # fmt: skip

# Types, rules of forms and states that stand where a value would; and passwords that manuals show and nobody has.
NONE = frozenset(
    """
    true false null none nil undefined nan empty blank yes no on off ok auto default optional required requisite mandatory
    string str text char varchar bytes bytea byte int integer number bool boolean object array any void type field input hidden
    hash hashed plain plaintext cleartext md5 sha1 sha256 sha512 crypt bcrypt scrypt scram-sha-256 ssha blowfish des
    secret pass passwd pwd passphrase passcode pass1 pass2 pw pw1 pw2 passwd1 passwd2 foo bar baz qux foobar value val arg args
    param user username login name userid email host hostname port key token test testing tests example sample demo dummy
    changeme changeit change letmein placeholder redacted unknown something whatever anything something_secret s3cret
    prompt ask stdin file env environ environment getpass keyring keychain vault ssh pam ldap kerberos shadow compat files
    and or not the a an is in to of for with from that this it if else then when your my old new current again confirm wrong
    invalid incorrect correct expired forgotten forgot reset required. set unset given entered needed here there below above
    x xx xxx xxxx xxxxx xxxxxx abc abcd xyz asdf qwerty sesame open root admin guest anonymous nobody mysql postgres oracle
    """.split()
)
