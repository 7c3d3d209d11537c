"""`make messages`: what people read, gathered from the code, in each language.

It adds new texts to the catalogs (`locale/*/LC_MESSAGES/django.po`) without a
translation, takes out those that are gone, and compiles. `--check` changes nothing and
says what is wrong.
"""

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import polib
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
LANGUAGES = ("de",)

# A catalog's folder, and what it holds the texts of. The first that fits counts.
CATALOGS = {
    "chat": ("chat", "templates/chat"),
    "accounts": (
        "accounts",
        "templates/account",
        "templates/accounts",
        "templates/mfa",
    ),
    "livechat": ("livechat", "search", "media", "templates"),
}
# Sentences of the libraries that their own catalogs say too stiffly, or not at all:
# they stand in a catalog of ours with this comment.
BORROWED = "of a library"

# How a text is marked in Python, and how many of the arguments are texts; the last
# marks what is put into words where it leaves for a page (livechat/lib/words.py).
CALLS = {
    "_": 1,
    "gettext": 1,
    "gettext_lazy": 1,
    "gettext_noop": 1,
    "ngettext": 2,
    "ngettext_lazy": 2,
    "marked": 1,
}
_CALL = re.compile(r"\b(?:ngettext|gettext|_)\(")
_MARKED = re.compile(
    r"""\bmarked[ (]\s*"((?:[^"\\]|\\.)+)"|"((?:[^"\\]|\\.)+)"\|marked"""
)

# What may stand in a template as it is: names, and what is no word of a language.
NAMES = frozenset({"UTC", "livechat"})
# Templates that may hold other texts, and why.
ALLOWED: dict[str, str] = {}
SHOWN_ATTRIBUTES = frozenset(
    {"alt", "aria-label", "data-denied", "data-failed", "label", "placeholder", "title"}
)

_TRANSLATED = re.compile(
    r"{#.*?#}|{%-?\s*comment\b.*?endcomment\s*-?%}"
    r"|{% block (?:\w+_class|skip) %}.*?{% endblock.*?%}"
    r"|{%-?\s*blocktranslate\b.*?endblocktranslate\s*-?%}|{%-?\s*translate\b.*?%}",
    re.DOTALL,
)
_TAG = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
_QUOTED = re.compile(r'(?<!_\()(?<!marked\()(?<!marked )"([^"]*)"(?!\|marked)')
_PROSE = re.compile(r"^[A-Z][a-z]|[a-z]{2} [a-z]{2}|^[jlDNF][ ,.]")
_WORD = re.compile(r"[^\W\d_]{2,}")
_PLACEHOLDER = re.compile(r"%\(\w+\)s|%%|%[sd]|{\w*}")


@dataclass(frozen=True, slots=True, order=True)
class Text:
    """One text of the source, with its plural or ""."""

    one: str
    many: str = ""


def sources(catalog: str) -> Iterator[Path]:
    """The files whose texts stand in the catalog, in order."""
    for path in sorted(ROOT.rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        if path.suffix not in {".py", ".html", ".txt", ".jinja"}:
            continue
        if _catalog_of(name) == catalog and "/migrations/" not in name:
            yield path


def _catalog_of(name: str) -> str:
    for catalog, folders in CATALOGS.items():
        if name.startswith(tuple(f"{folder}/" for folder in folders)):
            return catalog
    return ""


def texts_of(path: Path) -> Iterator[Text]:
    """Every marked text of a file."""
    source = path.read_text()
    if path.suffix == ".py":
        yield from _of_calls(ast.parse(source))
        return
    for found in _MARKED.finditer(source):
        yield Text((found[1] or found[2]).replace('\\"', '"'))
    code = templatize(source)
    for found in _CALL.finditer(code):
        yield from _of_calls(_call_at(code, found.start()))


def _call_at(code: str, start: int) -> ast.AST:
    """The call that begins there: up to the first bracket with which it is one."""
    for end in re.finditer(r"\)", code[start:]):
        try:
            return ast.parse(code[start : start + end.end()], mode="eval")
        except SyntaxError:
            continue
    raise SystemExit(f"This call does not end: {code[start : start + 80]}")


def _of_calls(tree: ast.AST) -> Iterator[Text]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = str(getattr(node.func, "id", "") or getattr(node.func, "attr", ""))
        texts = [
            one.value
            for one in node.args[: CALLS.get(name, 0)]
            if isinstance(one, ast.Constant) and isinstance(one.value, str)
        ]
        if texts and len(texts) == CALLS[name]:
            yield Text(*texts)


def unmarked(path: Path) -> Iterator[str]:
    """Words of a template that no language but English has."""
    source = _TRANSLATED.sub("", path.read_text())
    for tag in _TAG.findall(source):
        plain = re.sub(r'\bclass="[^"]*"', "", tag)
        yield from (text for text in _QUOTED.findall(plain) if _PROSE.search(text))
    shown = _Shown()
    shown.feed(_TAG.sub("", source))
    shown.close()
    for text in shown.texts:
        if set(_WORD.findall(text)) - NAMES:
            yield " ".join(text.split())


class _Shown(HTMLParser):
    """What of a page people see or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value or "" for name, value in attrs if name in SHOWN_ATTRIBUTES]

    def handle_data(self, data: str) -> None:
        if self.cdata_elem is None:
            self.texts.append(data)


def catalog_path(catalog: str, language: str) -> Path:
    """The catalog's file of translations."""
    return ROOT / catalog / "locale" / language / "LC_MESSAGES" / "django.po"


def gather(catalog: str) -> dict[Text, list[str]]:
    """Every text of the catalog's sources, and the files that have it."""
    found: dict[Text, list[str]] = {}
    for path in sources(catalog):
        for text in texts_of(path):
            places = found.setdefault(text, [])
            if (name := path.relative_to(ROOT).as_posix()) not in places:
                places.append(name)
    return found


def update(catalog: str, language: str) -> None:
    """Bring the catalog's texts up to the sources; compile."""
    path = catalog_path(catalog, language)
    path.parent.mkdir(parents=True, exist_ok=True)
    old = polib.pofile(str(path)) if path.exists() else polib.POFile()
    known = {_text(entry): entry for entry in old}
    fresh = polib.POFile(wrapwidth=88)
    fresh.metadata = {
        "Project-Id-Version": "livechat",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    for text, places in gather(catalog).items():
        entry = known.pop(text, None) or polib.POEntry(
            msgid=text.one,
            msgid_plural=text.many,
            msgstr_plural={0: "", 1: ""} if text.many else {},
        )
        entry.comment, entry.flags = "", ["python-format"] if "%" in text.one else []
        entry.occurrences = [(name, "") for name in places]
        fresh.append(entry)
    for entry in known.values():
        if entry.comment == BORROWED:
            fresh.append(entry)
    fresh.save(str(path))
    path.with_suffix(".mo").write_bytes(polib.pofile(str(path)).to_binary())


def _text(entry: polib.POEntry) -> Text:
    return Text(entry.msgid, entry.msgid_plural)


def problems(catalog: str, language: str) -> Iterator[str]:
    """What keeps the catalog from saying all that the sources say."""
    path = catalog_path(catalog, language)
    where = path.relative_to(ROOT)
    po = polib.pofile(str(path)) if path.exists() else polib.POFile()
    known, wanted = {_text(entry) for entry in po}, gather(catalog)
    for text in sorted(set(wanted) - known):
        yield f"{where}: {text.one!r} of {wanted[text][0]} is missing"
    for entry in po:
        if _text(entry) not in wanted and entry.comment != BORROWED:
            yield f"{where}: {entry.msgid!r} stands nowhere any more"
        for translation in _translations(entry):
            yield from (f"{where}: {one}" for one in _differences(entry, translation))
    compiled = path.with_suffix(".mo")
    if not compiled.exists() or compiled.read_bytes() != po.to_binary():
        yield f"{compiled.relative_to(ROOT)}: not what the .po says"


def _translations(entry: polib.POEntry) -> list[str]:
    if not entry.msgid_plural:
        return [entry.msgstr]
    return [entry.msgstr_plural.get(0, ""), entry.msgstr_plural.get(1, "")]


def _differences(entry: polib.POEntry, translation: str) -> Iterator[str]:
    if not translation:
        yield f"{entry.msgid!r} has no translation"
        return
    many = entry.msgid_plural or entry.msgid
    placeholders = sorted(_PLACEHOLDER.findall(translation))
    if placeholders not in [
        sorted(_PLACEHOLDER.findall(one)) for one in (entry.msgid, many)
    ]:
        yield f"{entry.msgid!r} has other placeholders: {translation!r}"
    for edge in (slice(0, 1), slice(-1, None)):
        if entry.msgid[edge].isspace() != translation[edge].isspace():
            yield f"{entry.msgid!r} begins or ends with other space: {translation!r}"


def unmarked_templates() -> Iterator[str]:
    """Templates with text that is in no catalog, but those of the list."""
    for path in sorted(TEMPLATES.rglob("*")):
        name = path.relative_to(TEMPLATES).as_posix()
        if path.suffix not in {".html", ".txt", ".jinja"}:
            continue
        if not name.startswith(tuple(ALLOWED)):
            yield from (f"templates/{name}: {text!r}" for text in unmarked(path))


def main(arguments: Sequence[str]) -> int:
    """The exit code: 1 when something is wrong."""
    pairs = [(catalog, language) for catalog in CATALOGS for language in LANGUAGES]
    names = {one for one in arguments if not one.startswith("-")}
    if "--check" not in arguments:
        for catalog, language in pairs:
            if not names or catalog in names:
                update(catalog, language)
    wrong = [line for pair in pairs for line in problems(*pair)]
    wrong += unmarked_templates()
    sys.stdout.write("".join(f"{line}\n" for line in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
