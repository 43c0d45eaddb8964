"""Two hundred strings that have broken software before: as markup, templates, formulas, SQL, formats, or by their letters."""

MARKUP = [
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "\"><img src=x onerror=alert(1)>",
    "'><svg onload=alert(1)>", "<a href=javascript:alert(1)>x</a>", "<iframe src=//evil.example>", "<!-- -->",
    "<![CDATA[x]]>", "&lt;script&gt;", "&#60;b&#62;", "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>", "<style>*{display:none}</style>", "<b>bold</b>", "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0>", "\" autofocus onfocus=alert(1) x=\"", "' onclick='alert(1)", "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>", "</td></tr></table>", "</main>", "<dialog open>", "<form action=/>",
]  # fmt: skip
TEMPLATES = [
    "{{ 7 * 7 }}", "{% raw %}", "{{ config }}", "{{ brand }}", "{% for x in (1..9) %}x{% endfor %}", "${7*7}", "#{7*7}",
    "<%= 7*7 %>", "{{ contact.__class__ }}", "{# #}", "%(name)s", "%s%s%s%n", "{0}{1}{name}", "%(", "100 %", "{{", "}}", "{%",
    "`id`", "$(id)",
]  # fmt: skip
FORMULAS = [
    "=1+1", "=cmd|'/C calc'!A0", "+33612345678", "-1+1", "@SUM(1)", "=HYPERLINK(\"//evil.example\")", "\u0009=1", "|x", ";x",
    "==x",
]  # fmt: skip
SQL = [
    "'; DROP TABLE contact; --", "' OR '1'='1", "1; SELECT pg_sleep(9)", "%' AND 1=1 --", "_%_", "\\'", "\"\"\"", "NULL",
    "0x41", "'||'",
]  # fmt: skip
WAYS = [
    "../../etc/passwd", "..\\..\\x", "/dev/null", "C:\\con", "file:///etc/passwd", "//evil.example",
    "https://evil.example/?a=b&c=d", "a/b", "?next=//evil.example", "#top", "%2e%2e%2f", "%00", "a%0d%0aSet-Cookie: x=y",
    "CON", "index.html~", ".htaccess",
]  # fmt: skip
LETTERS = [
    "\u202egnp.exe", "\u2066left\u2069", "a\u200bb\u200cc\u200dd", "\ufeffmark", "e\u0301\u0316\u0317",
    "\U0001d573\U0001d58a\U0001d591\U0001d591\U0001d594", "\uff26\uff55\uff4c\uff4c\uff57\uff49\uff44\uff54\uff48",
    "\u00df \u017f \ufb01 \u01c4 \u0130 \u0131", "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
    "\u3053\u3093\u306b\u3061\u306f\u4e16\u754c", "\u4f60\u597d\uff0c\u4e16\u754c", "\uc548\ub155\ud558\uc138\uc694",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "\u0928\u092e\u0938\u094d\u0924\u0947",
    "\u03a9\u2248\u00e7\u221a\u222b\u02dc\u00b5\u2264\u2265\u00f7",
    "\u00e5\u2202\u0192\u00a9\u02d9\u2206\u02da\u00ac\u2026\u00e6",
    "\u0153\u2211\u00b4\u00ae\u2020\u00a5\u00a8\u02c6\u00f8\u03c0\u201c\u2018",
    "\u00c5\u00cd\u00ce\u00cf\u02dd\u00d3\u00d4\u00d2\u00da", "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "\U0001f3f3\ufe0f\u200d\U0001f308\U0001f1eb\U0001f1f7", "\u2603", "\u00adsoft\u00adhyphen", "a\u00a0b", "a\u2028b",
    "a\u2029b", "\u00a1\u00bf\u203d", "\u2026\u2014\u2013\u2011", "\u201c\u2018\u2019\u201d\u201e\u201f", "\u00ab  \u00bb",
]  # fmt: skip
REPEATED = ["\ufdfa" * 20, "\U0001f44d\U0001f3ff" * 8, "\u2764\ufe0f" * 10, "\U0001f600" * 60]
LONG = [*(one * 60 for one in ("a", "W", "i", "1", "\u00e9")), "wort-" * 12, "words without end " * 3, "x " * 30]
NUMBERS = [
    "0", "-0", "1e999", "NaN", "Infinity", "0x7fffffff", "999999999999999999999999999999", "1/0", "\u0663", "\u00bd",
    "\u0661\u0662\u0663", "true", "null", "undefined", "None", "[]", "{}",
]  # fmt: skip
PLAIN = [*MARKUP, *TEMPLATES, *FORMULAS, *SQL, *WAYS, *LETTERS, *REPEATED, *LONG, *NUMBERS]
HOSTILE = [*PLAIN, *(f"{one} x" for one in MARKUP), *(f"x {one}" for one in TEMPLATES)]
HOSTILE += [f"{one}\u202e" for one in FORMULAS + SQL]
EMOJI = "\U0001f600" * 1_600
