"""`scripts/messages.py` finds what is not marked, and what a translation lost."""

import io
import runpy
from contextlib import redirect_stdout
from pathlib import Path

import polib
import pytest

from livechat.env import PROJECT_DIR

SCRIPT = PROJECT_DIR / "scripts/messages.py"
PO = "accounts/locale/de/LC_MESSAGES/django.po"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small project with one text of each kind, gathered once."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/messages.py").write_text(SCRIPT.read_text())
    (tmp_path / "accounts").mkdir()
    (tmp_path / "accounts/views.py").write_text('gettext("{name} left.")\n')
    (tmp_path / "templates/accounts").mkdir(parents=True)
    page = tmp_path / "templates/accounts/page.html"
    page.write_text(
        '<p title="{% translate "Go (on)" %}">{% blocktranslate count n=n %}'
        "{{ n }} day{% plural %}{{ n }} days{% endblocktranslate %}</p>"
        '{{ at|date:_("j F") }}{% include "x.html" with label=_("Save") only %}'
    )
    run(tmp_path)
    return tmp_path


def run(tree: Path, *arguments: str) -> str:
    """What the command says; it is run in this process, which takes a tenth."""
    said = io.StringIO()
    main = runpy.run_path(str(tree / "scripts/messages.py"))["main"]
    with redirect_stdout(said):
        code = main(arguments)
    assert code == (1 if said.getvalue() else 0)
    return said.getvalue()


def translate(tree: Path, **other: str) -> None:
    po = polib.pofile(str(tree / PO))
    for entry in po:
        entry.msgstr = other.get("one", entry.msgid)
        if entry.msgid_plural:
            entry.msgstr = ""
            entry.msgstr_plural = {0: entry.msgid, 1: entry.msgid_plural}
    po.save()


def test_every_kind_of_text_is_gathered(tree: Path) -> None:
    found = {entry.msgid for entry in polib.pofile(str(tree / PO))}
    assert found == {"{name} left.", "Go (on)", "%(n)s day", "j F", "Save"}


def test_a_catalog_is_right_once_it_is_translated_and_compiled(tree: Path) -> None:
    assert run(tree, "--check").count("has no translation") == 6
    translate(tree)
    assert "not what the .po says" in run(tree, "--check")
    assert run(tree) == ""
    assert run(tree, "--check") == ""


def test_a_placeholder_that_is_lost_is_told(tree: Path) -> None:
    translate(tree, one="{nam} ging.")
    assert "other placeholders" in run(tree)


@pytest.mark.parametrize(
    "unmarked",
    [
        "<p>Hello</p>",
        '<p aria-label="Hello"></p>',
        '{% include "x.html" with label="Say hello" only %}',
        '{{ at|date:"j F" }}',
        "{% if here %}used {{ n }} times{% endif %}",
    ],
)
def test_text_that_is_not_marked_is_told(tree: Path, unmarked: str) -> None:
    translate(tree)
    (tree / "templates/accounts/other.html").write_text(unmarked)
    assert "templates/accounts/other.html" in run(tree)
