"""Prefixes by which services mark their keys and tokens, so that they are known wherever they stand."""

from __future__ import annotations

from typing import NamedTuple


class Service(NamedTuple):
    """A form of keys: `prefix`, found in any case and then compared, and patterns of what follows and precedes it.

    The key is left, prefix and rest; where the rest has a group, the group alone.
    """

    name: str
    prefix: str
    rest: bytes
    left: bytes = b""


_62 = rb"[0-9A-Za-z]"
_64 = rb"[0-9A-Za-z_-]"
_HEX = rb"[0-9a-f]"
_JWT = rb"[0-9A-Za-z_-]{10,2000}\.[0-9A-Za-z_-]{10,4000}(?:\.[0-9A-Za-z_-]{0,1500}){0,3}"


def _each(name: str, prefixes: str, rest: bytes, left: bytes = b"") -> list[Service]:
    return [Service(name, prefix, rest, left) for prefix in prefixes.split()]


# The formats that services give their keys, as far as they tell them; open lengths are ranges, which give nothing
# back (`+`): a row of prefixes takes 0.8 s a megabyte instead of 6.
SERVICES: tuple[Service, ...] = (
    *_each("aws", "AKIA ASIA ABIA ACCA", rb"[A-Z0-9]{16}"),
    *_each("aws", "bedrock-api-key- ABSK", rb"[0-9A-Za-z+/]{100,1500}+={0,2}"),
    *_each("aws", "da2-", rb"[0-9a-z]{26}"),
    *_each("aws", "amzn.mws.", rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    *_each("github", "ghp_ gho_ ghu_ ghr_", _62 + rb"{36}"),
    *_each("github", "ghs_", _62 + rb"{36,255}+"),
    *_each("github", "github_pat_", _62 + rb"{22}_" + _62 + rb"{59}"),
    *_each(
        "gitlab",
        "glpat- gldt- glrt- glrtr- glptt- glft- glffct- glcbt- glimt- glwt- glagent- glsoat- gloas- GR1348941",
        _64 + rb"{20,64}+",
    ),
    *_each(
        "slack", "xoxb- xoxp- xoxa- xoxr- xoxs- xoxo-", rb"(?:[0-9]{1,2}-)?(?:[0-9]{8,14}-){1,3}[0-9A-Za-z]{16,64}+"
    ),
    *_each("slack", "xoxe.xoxp-1- xoxe.xoxb-1- xoxe-1- xoxp-1-", _64 + rb"{100,250}+"),
    *_each("slack", "xapp-", rb"[0-9]-[A-Z0-9]{8,14}-[0-9]{8,16}-[0-9a-f]{32,80}+"),
    *_each("slack", "hooks.slack.com/services/", rb"T[0-9A-Z]{7,12}/B[0-9A-Z]{7,12}/[0-9A-Za-z]{20,28}+"),
    *_each(
        "slack",
        "hooks.slack.com/workflows/ hooks.slack.com/triggers/",
        rb"[0-9A-Z]{7,12}/[0-9A-Z]{7,20}/[0-9A-Za-z/]{20,60}+",
    ),
    *_each("sourcegraph", "sgp_", rb"(?:[0-9a-fA-F]{16}_|local_)?[0-9a-fA-F]{40}"),
    *_each("stripe", "sk_live_ rk_live_ sk_test_ rk_test_", _62 + rb"{16,128}+"),
    *_each("stripe", "whsec_", rb"[0-9A-Za-z+/]{32,64}+={0,2}"),
    *_each("google", "AIza", _64 + rb"{35}"),
    *_each("google", "ya29.", _64 + rb"{30,512}+"),
    *_each("google", "1//0", _64 + rb"{40,120}+"),
    *_each("google", "GOCSPX-", _64 + rb"{28}"),
    *_each("openai", "sk-proj- sk-svcacct- sk-admin-", _64 + rb"{40,200}+"),
    *_each("openai", "sk-", _62 + rb"{48}|" + _62 + rb"{32}"),
    *_each("anthropic", "sk-ant-", rb"(?:api|admin|sid|oat)[0-9]{2}-" + _64 + rb"{60,128}+"),
    *_each("openrouter", "sk-or-v1-", _HEX + rb"{64}"),
    *_each("hugging_face", "hf_ api_org_", rb"[A-Za-z]{34}|" + _62 + rb"{34,40}+"),
    *_each("groq", "gsk_", _62 + rb"{52}"),
    *_each("replicate", "r8_", _62 + rb"{37}"),
    *_each("perplexity", "pplx-", _62 + rb"{40,56}+"),
    *_each("tavily", "tvly-", rb"(?:dev-|prod-)?" + _62 + rb"{32}"),
    *_each("together", "tgp_v1_", _64 + rb"{43}"),
    *_each("llama_cloud", "llx-", _64 + rb"{48,52}+"),
    *_each("xai", "xai-", _62 + rb"{70,90}+"),
    *_each("npm", "npm_", _62 + rb"{36}"),
    *_each("pypi", "pypi-AgEI", _64 + rb"{50,1000}+"),
    *_each("rubygems", "rubygems_", _HEX + rb"{48}"),
    *_each("docker", "dckr_pat_ dckr_oat_", _64 + rb"{27,40}+"),
    *_each("sendgrid", "SG.", _64 + rb"{20,24}\." + _64 + rb"{39,50}+"),
    *_each("sendinblue", "xkeysib- xsmtpsib-", _HEX + rb"{64}-" + _62 + rb"{16}"),
    *_each("mailgun", "key-", _HEX + rb"{32}"),
    *_each("digitalocean", "dop_v1_ doo_v1_ dor_v1_", _HEX + rb"{64}"),
    *_each("shopify", "shpat_ shpca_ shppa_ shpss_", rb"[0-9A-Fa-f]{32}"),
    *_each("square", "sq0atp- sq0csp- sq0idp-", _64 + rb"{22,43}+"),
    *_each("square", "EAAAE", _64 + rb"{54,60}+"),
    *_each("facebook", "EAA", rb"[A-Z][0-9A-Za-z]{80,400}+"),
    *_each("heroku", "HRKU-", _64 + rb"{36,64}+"),
    *_each("databricks", "dapi dkea", rb"[0-9a-f]{32}(?:-[0-9])?"),
    *_each("azure", "AccountKey= SharedAccessKey=", rb"([0-9A-Za-z+/]{43}={1}|[0-9A-Za-z+/]{86}==)"),
    *_each("azure", "Q~", rb"[0-9A-Za-z_.~-]{31,34}+", rb"(?<![0-9A-Za-z_.~-])[0-9A-Za-z_.~-]{3}[0-9]"),
    *_each("azure", "sig=", rb"([0-9A-Za-z%+/]{43,68}(?:%3[dD]|=))"),
    *_each("dropbox", "sl.", rb"(?:u\.)?[0-9A-Za-z_-]{130,1500}+"),
    *_each("discord", "discord.com/api/webhooks/ discordapp.com/api/webhooks/", rb"[0-9]{17,20}/" + _64 + rb"{60,80}+"),
    *_each(
        "teams",
        ".webhook.office.com/webhookb2/",
        rb"[0-9a-f@-]{73}/IncomingWebhook/[0-9a-f]{32}/[0-9a-f-]{36}",
        rb"[0-9A-Za-z-]{1,63}",
    ),
    *_each("age", "AGE-SECRET-KEY-1", rb"[0-9A-Z]{58}"),
    *_each("vault", "hvs. hvb. hvr.", _64 + rb"{24,300}+"),
    *_each("terraform", ".atlasv1.", _64 + rb"{60,70}+", _62 + rb"{14}"),
    *_each("pulumi", "pul-", _HEX + rb"{40}"),
    *_each("grafana", "glc_ glsa_", rb"[0-9A-Za-z+/_]{32,400}+={0,2}"),
    *_each("new_relic", "NRAK- NRII- NRJS-", rb"[0-9A-Za-z-]{19,32}+"),
    *_each("dynatrace", "dt0c01.", rb"[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    *_each("sentry", "sntrys_ sntryu_", rb"[0-9A-Za-z+/=_-]{43,400}+"),
    *_each("linear", "lin_api_ lin_oauth_", _62 + rb"{32,64}+"),
    *_each("notion", "ntn_ secret_", _62 + rb"{43,50}+"),
    *_each("atlassian", "ATATT3xFfG ATCTT3xFfG ATBB", rb"[0-9A-Za-z+/=_-]{28,250}+"),
    *_each("figma", "figd_", _64 + rb"{40,44}+"),
    *_each("postman", "PMAK-", _HEX + rb"{24}-" + _HEX + rb"{34}"),
    *_each("postman", "PMAT-", rb"[0-9A-Z]{26}"),
    *_each("posthog", "pha_ phr_ phs_ phx_", _62 + rb"{40,80}+"),
    *_each("planetscale", "pscale_tkn_ pscale_pw_ pscale_oauth_", rb"[0-9A-Za-z_.-]{32,64}+"),
    *_each("supabase", "sbp_ sb_secret_", rb"[0-9A-Za-z_-]{31,48}+"),
    *_each("algolia", "X-Algolia-API-Key: ", rb"([0-9a-f]{32})"),
    *_each("alibaba", "LTAI", rb"[0-9A-Za-z]{12,20}+"),
    *_each("tencent", "AKID", rb"[0-9A-Za-z]{32}"),
    *_each("yandex", "y0_ AQVN", _64 + rb"{35,60}+"),
    *_each("fly", "FlyV1 fm2_", rb"[0-9A-Za-z+/=_-]{80,1000}+"),
    *_each("cloudflare", "v1.0-", rb"[0-9a-f]{24}-[0-9a-f]{146}"),
    *_each("cloudflare", "cfat_ cfut_ cfk_", _62 + rb"{40,64}+"),
    *_each("netlify", "nfp_ nfc_ nfo_", _62 + rb"{36,40}+"),
    *_each("vercel", "vcp_ vci_ vca_ vcr_ vck_", _62 + rb"{24,64}+"),
    *_each("docker", "SWMTKN-1-", rb"[0-9a-z]{49,50}-[0-9a-z]{25}"),
    *_each("docker", "SWMKEY-1-", rb"[0-9A-Za-z+/]{43}"),
    *_each("clojars", "CLOJARS_", _HEX + rb"{60}"),
    *_each("defined", "dnkey-", rb"[0-9A-Z=_-]{26,90}+"),
    *_each("doppler", "dp.pt. dp.st. dp.ct. dp.sa.", rb"(?:[a-z0-9_-]{2,35}\.)?[0-9A-Za-z]{40,44}+"),
    *_each("1password", "ops_eyJ", rb"[0-9A-Za-z+/_-]{100,1500}+={0,2}"),
    *_each("artifactory", "AKCp", _62 + rb"{10,80}+"),
    *_each("sonarqube", "sqp_ squ_ sqa_", _HEX + rb"{40}"),
    *_each("telegram", "api.telegram.org/bot", rb"([0-9]{8,11}:[0-9A-Za-z_-]{35})"),
    *_each("braintree", "access_token$production$", rb"[0-9a-z]{16}\$[0-9a-f]{32}"),
    *_each("duffel", "duffel_live_ duffel_test_", _64 + rb"{43}"),
    *_each("adafruit", "aio_", _62 + rb"{28}"),
    *_each("langsmith", "lsv2_pt_ lsv2_sk_", rb"[0-9a-f]{32}_[0-9a-f]{10}"),
    *_each("jwt", "eyJ", _JWT),
)

# What a token must be from end to end where its prefix is too short to be looked for in every text.
FORMS: tuple[tuple[str, bytes], ...] = (
    ("twilio", rb"(?:SK|AC)(?:[0-9a-f]{32}|[0-9A-F]{32})"),
    ("mailchimp", rb"[0-9A-Za-z]{32}-us[0-9]{1,2}"),
    ("crates_io", rb"cio[0-9A-Za-z]{32}"),
    ("nuget", rb"oy2[0-9a-z]{43}"),
    ("resend", rb"re_[0-9A-Za-z]{8}_[0-9A-Za-z]{24}"),
)
