"""Words for a password in many languages, and values that no password is."""

from __future__ import annotations

# As they stand in settings and forms. With a sign at their end: words that mean this only as a name beside that sign.
CUES: tuple[str, ...] = (
    "password", "passwd", "passwrd", "passphrase", "passcode", "pwd", "pswd",  # English; these also in a name
    "passwort", "kennwort", "wachtwoord", "lösenord", "passord",  # languages of long words
    "pw:", "pw=", "_pass", "pass=", "pass =", 'pass"', "pass'", "pass:",
    "mot de passe", "mdp", "contraseña", "contrasena", "contrasenya", "contrasinal", "senha",
    "palavra-passe", "parola", "parolă", "adgangskode", "kodeord", "salasana",
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
NONE = frozenset((
    "a", "abc", "abcd", "above", "admin", "again", "an", "and", "anonymous", "any", "anything", "arg", "args",
    "array", "asdf", "ask", "auto", "bar", "baz", "bcrypt", "below", "blank", "blowfish", "bool", "boolean", "byte",
    "bytea", "bytes", "change", "changeit", "changeme", "char", "cleartext", "compat", "confirm", "correct", "crypt",
    "current", "default", "define", "defined", "demo", "des", "dummy", "else", "email", "empty", "entered", "env", "environ",
    "environment", "example", "expired", "false", "field", "file", "files", "foo", "foobar", "for", "forgot",
    "forgotten", "from", "getpass", "given", "guest", "hash", "hashed", "here", "hidden", "host", "hostname", "if",
    "in", "incorrect", "input", "int", "integer", "invalid", "is", "it", "kerberos", "key", "keychain", "keyring",
    "ldap", "letmein", "login", "mandatory", "md5", "my", "mysql", "name", "nan", "needed", "new", "nil", "no",
    "nobody", "none", "not", "null", "number", "object", "of", "off", "ok", "old", "on", "open", "optional", "or",
    "oracle", "pam", "param", "pass", "pass1", "pass2", "passcode", "passphrase", "passwd", "passwd1", "passwd2",
    "placeholder", "plain", "plaintext", "port", "postgres", "prompt", "pw", "pw1", "pw2", "pwd", "qux", "qwerty",
    "redacted", "required", "requisite", "reserved", "reset", "root", "s3cret", "sample", "scram-sha-256", "scrypt",
    "secret", "sesame", "set", "sha1", "sha256", "sha512", "shadow", "something", "something_secret", "ssh", "ssha",
    "stdin", "str", "string", "test", "testing", "tests", "text", "that", "the", "then", "there", "this", "to",
    "token", "true", "type", "undef", "undefined", "unknown", "unreserved", "unset", "user", "userid", "username", "val",
    "value", "varchar", "vault", "void", "whatever", "when", "with", "wrong", "x", "xx", "xxx", "xxxx", "xxxxx",
    "xxxxxx", "xyz", "yes", "your"
))  # fmt: skip
