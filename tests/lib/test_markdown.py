"""The one renderer: nothing but the listed tags comes out, soon, whatever goes in."""

from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from livechat.lib.highlight import LANGUAGES
from livechat.lib.limits import MESSAGE_MAX_LENGTH, RENDERED_MAX_LENGTH
from livechat.lib.markdown import (
    is_plain,
    paragraphs,
    plain_text,
    render,
    render_in_full,
)
from livechat.lib.sanitiser import CLASSES, CLEANER, LINK_REL, TAGS
from tests.lib.quickly import answers_within

VOID = {"br", "hr"}
LINK_ATTRIBUTES = {"href", "target", "rel"}


class _Wall(HTMLParser):
    """Fails at the first tag, attribute or value outside the lists of this project."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.text = ""
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        assert len(dict(attrs)) == len(attrs)
        for name, value in attrs:
            assert value is not None
            self.check_attribute(tag, name, value)
        if tag not in VOID:
            self.open.append(tag)

    def check_attribute(self, tag: str, name: str, value: str) -> None:
        if name == "class":
            assert set(value.split()) <= CLASSES[tag]
        elif name == "tabindex":
            assert (tag in {"pre", "div"}) and value == "0"
        elif name == "start":
            assert tag == "ol" and value.isdigit()
        else:
            assert tag == "a" and name in LINK_ATTRIBUTES
            self.check_link(name, value)

    def check_link(self, name: str, value: str) -> None:
        if name == "href":
            assert value.lower().startswith(("http://", "https://", "mailto:"))
            self.links.append(value)
        else:
            assert value == {"target": "_blank", "rel": LINK_REL}[name]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        pytest.fail(f"a comment came through: {data}")

    def handle_decl(self, decl: str) -> None:
        pytest.fail(f"a declaration came through: {decl}")

    def unknown_decl(self, data: str) -> None:
        pytest.fail(f"a declaration came through: {data}")

    def handle_pi(self, data: str) -> None:
        pytest.fail(f"an instruction came through: {data}")


def walled(html: str) -> _Wall:
    """What a browser would make of the HTML, having checked every part of it."""
    wall = _Wall()
    wall.feed(html)
    wall.close()
    assert not wall.open
    # A second cleaning finds nothing to do: the text has one meaning to all parsers.
    assert CLEANER.clean(html) == html
    return wall


# Ordinary text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", ""),
        ("hello", "<p>hello</p>"),
        ("a\nb\n\n\nc", "<p>a<br>b</p>\n<p>c</p>"),
        ("a\\\nb  \nc", "<p>a<br>b<br>c</p>"),
        ('1 < 2 & "x"', '<p>1 &lt; 2 &amp; "x"</p>'),
        ("**b** *i* ~~s~~", "<p><strong>b</strong> <em>i</em> <s>s</s></p>"),
        ("`<b>`", "<p><code>&lt;b&gt;</code></p>"),
        ("# one", '<p class="heading"><strong>one</strong></p>'),
        ("a\n---\nb", "<p>a</p>\n<hr>\n<p>b</p>"),
        ("> q", "<blockquote>\n<p>q</p>\n</blockquote>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("7. a", '<ol start="7">\n<li>a</li>\n</ol>'),
        (
            "@alice read manage.py",
            '<p><span class="mention">@alice</span> read manage.py</p>',
        ),
        ("&#x202e;&lt;", "<p>&amp;#x202e;&amp;lt;</p>"),
        ("[a]: https://b.c 'd'", None),
    ],
)
def test_markdown_becomes_small_html(source: str, expected: str | None) -> None:
    html = render(source)
    walled(html)
    assert expected is None or html == expected


def test_a_table_is_reachable_by_keys_and_aligned_by_class() -> None:
    html = render("|a|b|c|d|\n|-|:-|:-:|-:|\n|1|2|3|4|")
    walled(html)
    assert html.startswith('<div class="table" tabindex="0"><table>')
    for cell in ("<td>1", '<td class="start">2', '<td class="center">3'):
        assert cell in html
    assert '<th class="end">d</th>' in html


def test_bare_and_written_links_open_elsewhere_and_tell_nothing() -> None:
    rest = 'target="_blank" rel="nofollow noopener noreferrer"'
    assert render("see https://a.b/c?d=1&e=2.") == (
        f'<p>see <a href="https://a.b/c?d=1&amp;e=2" {rest}>'
        "https://a.b/c?d=1&amp;e=2</a>.</p>"
    )
    assert render("[t](https://a.b 'title')") == (
        f'<p><a href="https://a.b" {rest}>t</a></p>'
    )
    assert walled(render("bob@example.com")).links == ["mailto:bob@example.com"]
    assert walled(render("<HTTPS://a.b>")).links == ["HTTPS://a.b"]


@pytest.mark.parametrize(
    ("info", "caption", "coloured"),
    [
        ("python consumers.py", "consumers.py", True),
        ("python", "python", True),
        ("consumers.py", "consumers.py", True),
        ("JS", "JS", True),
        ("brainfuck", "brainfuck", False),
        ("scala", "scala", False),
        ('"><img src=x> <b onclick=y>', "src=x> <b onclick=y>", False),
    ],
)
def test_code_is_captioned_and_coloured_where_known(
    info: str, caption: str, coloured: bool
) -> None:
    text = f"```{info}\nif (x) return 'a<b'\n```"
    render(text)  # the first use of a lexer compiles it, and may cost all of the time
    html = render(text)
    text = walled(html).text
    assert html.startswith('<figure class="code"><figcaption>')
    assert '<pre tabindex="0"><code>' in html
    assert text == f"{caption}if (x) return 'a<b'"
    assert ("<span" in html) == coloured


def test_code_carries_the_standard_short_classes() -> None:
    html = render("```py\nasync def f(): # c\n    return 's'\n```")
    for token in ('"k">async', '"nf">f', '"c1"># c', "\"s1\">'s'"):
        assert f"<span class={token}" in html


def test_code_without_a_language_has_no_caption() -> None:
    plain = '<figure class="code"><pre tabindex="0"><code>x  y</code></pre></figure>'
    assert render("```\nx  y\n```") == render("    x  y") == plain


def test_a_long_caption_is_cut() -> None:
    assert walled(render(f"```{'a' * 500}\n```")).text == "a" * 79 + "…"


@pytest.mark.parametrize("control", "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u200f")
def test_direction_controls_in_code_are_visible(control: str) -> None:
    shown = f'<span class="bidi">[U+{ord(control):04X}]</span>'
    for source in (
        f"`a{control}b`",
        f"```\na{control}b\n```",
        f"```py\n'a{control}b'\n```",
        f"    a{control}b",
        f"```x{control}y\nc\n```",
    ):
        html = render(source)
        walled(html)
        assert shown in html
        assert control not in html


# Hostile text: the cases of the security review, by their effect


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<b onclick=alert(1)>x</b>",
        "<!-- x --> <?php x ?> <![CDATA[x]]> <!DOCTYPE x>",
        '<p style="background:url(x)"> <style>*{}</style>',
        '<hx-partial hx-get="/x" data-hook="y" id="z">',
        '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img '
        'src=1 onerror=alert(1)&gt;">',
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
        "<svg><a xlink:href='javascript:alert(1)'>x",
        "<iframe srcdoc='<script>x'></iframe><object data=x><embed src=x>",
        "$\\href{javascript:alert(1)}{x}$ \\includegraphics{x} \\htmlData{a=b}{c}",
        "<form action=//evil><input name=x>",
    ],
)
def test_html_and_latex_are_text(source: str) -> None:
    wall = walled(render(source))
    assert wall.links == []
    assert "".join(wall.text.split()) == "".join(source.split())


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "java\tscript:alert(1)",
        "&#106;avascript:alert(1)",
        "&#x6A;avascript:alert(1)",
        "\x01javascript:alert(1)",
        "\u200bjavascript:alert(1)",
        "javascript&colon;alert(1)",
        "%6Aavascript:alert(1)",
        "<javascript:alert(1)>",
        "vbscript:x",
        "data:text/html,<script>alert(1)</script>",
        "data:image/png;base64,AAAA",
        "file:///etc/passwd",
        "ftp://a.b/",
        "blob:https://a.b/c",
        "view-source:https://a.b",
        "intent://x#Intent;end",
        "//evil.example/x",
        "/accounts/logout/",
        "logout",
        "#top",
        "?x=1",
        "https:",
        "https:/a",
        "https://",
        "https:///",
        "\\\\evil\\x",
    ],
)
def test_no_link_leads_to_another_scheme_or_into_this_site(address: str) -> None:
    for source in (f"[x]({address})", f"![x]({address})", f"<{address}>"):
        wall = walled(render(source))
        assert [link for link in wall.links if not link.startswith("https://a.b")] == []


def test_a_picture_is_a_link_and_never_fetched() -> None:
    html = render("![x](https://evil/p.png?d=1)")
    assert walled(html).links == ["https://evil/p.png?d=1"]
    assert html.endswith(">x</a></p>")
    assert walled(render("![](https://e/p.png)")).text == "https://e/p.png"


def test_a_picture_within_a_link_is_its_text() -> None:
    wall = walled(render("[![a *b* ![c](https://c)](https://d/e.png)](https://f)"))
    assert wall.links == ["https://f"]
    assert wall.text == "a b c"


@pytest.mark.parametrize(
    "source",
    [
        '<https://evil>"onmouseover=alert(1)',
        '[x](https://a.b "y\\" onclick=alert(1) z=\\"")',
        "[x](https://a.b 'x\" onclick=alert(1)')",
        '[x](https://a.b/"onclick=alert(1))',
        "[x](<https://a.b/\" onclick='alert(1)>)",
        'https://a.b/"><img/src=x/onerror=alert(1)>',
        "https://a.b/'onclick='alert(1)",
        "https://a.b/`x`<b>",
        "[x](https://a.b/%00%0a%22%3E)",
        "https://a.b/\u202e\u05d0\u0000c",
        "[x](https://a.b/ c)",
        "http://[::1]:80/ http://[::x https://a%00b/",
    ],
)
def test_quotes_and_angles_in_links_stay_in_their_attribute(source: str) -> None:
    walled(render(source))


@pytest.mark.parametrize(
    "source",
    [
        "https://user:secret@a.b/c",
        "<https://user:secret@a.b/c>",
        "HTTPS://user:secret@a.b/c",
        "[x](https://user:secret@a.b/c)",
        "[https://user:secret@a.b/c](https://user:secret@a.b/c)",
        "[x](https:///user:secret@a.b/c)",
        "[x](https://user:sec\\ret@ret@a.b/c)",
        "![](https://user:secret@a.b/c)",
        "![https://user:secret@a.b/c](https://a.b/c)",
    ],
)
def test_credentials_are_neither_shown_nor_linked(source: str) -> None:
    html = render(source)
    assert len(walled(html).links) == 1
    assert "user" not in html
    assert "ret" not in html
    assert "//a.b/c" in html


def test_a_fence_that_never_closes_ends_with_the_message() -> None:
    assert walled(render("```py\nx = 1\n<b>")).text == "pyx = 1\n<b>"
    assert walled(render("a " + "`" * 1_000)).text == "a " + "`" * 1_000


def test_reference_definitions_are_text() -> None:
    wall = walled(render("[a]: https://b.c\n[a] [b][a]"))
    assert wall.text == "[a]: https://b.c[a] [b][a]"


def test_what_nests_too_deep_is_shown_as_it_was_typed() -> None:
    source = ">" * 30 + " x"
    assert walled(render(source)).text == source
    listed = "- " * 40 + "x"
    assert walled(render(listed)).text == listed
    assert "<blockquote>" in render(">" * 9 + " x")


def test_a_renderer_serves_several_threads() -> None:
    sources = [f"https://a{i}.b/c _d_ **e{i}**" for i in range(40)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(render, sources * 5)) == [render(s) for s in sources] * 5


N = MESSAGE_MAX_LENGTH
# A "|" behind another character stands for a space.
UNIT_LIST = """
[ ]( ![ [a]( [a](< [![ **a[ *a|**a| ` `a`` _ _a *a_ ** a* a**b ~~ ~~a** < <a
<http:// <a@b &#x &#x; &amp; & \\ \\[ > >| -| 1.| >|-| | |a # a|* |a| http:// http://|
http://a| https://a@ a@ a@b.c| :// a:// x://a| mailto: mailto:a@b www. ( { " ' ! . x|
\ufdfa \u202e \U0001f600 [] [a] [](a) *a* ![a](http://a) [a](http://a)"""
LINES = "a;- a;1) a;# a;> a;* * *;```;```py;~~~;    a;a|b;-|-;[a]: b;  - a;+"
UNITS = UNIT_LIST.split()
HOSTILE = {unit: ((unit[0] + unit[1:].replace("|", " ")) * N)[:N] for unit in UNITS} | {
    f"lines of {line}": f"{line}\n" * (N // (len(line) + 1))
    for line in LINES.split(";")
}
HOSTILE |= {
    "table heads": "a|b\n-|-\n" * (N // 8),
    "pipes": "|" * N,
    "table": ("a|" * 250 + "\n" + "-|" * 250 + "\n" + "a\n" * N)[:N],
    "small tables": ("a|b|c\n-|-|-\nx\nx\n\n" * N)[:N],
    "references": "".join(f"[{i}]: a\n" for i in range(5_000))[:N],
    "circular references": "".join(f"[{i}]: [{i + 1}]\n" for i in range(5_000))[:N],
    "nested lists": "\n".join("  " * i + "- x" for i in range(85)),
    "nested quotes": "\n".join(">" * i + " x" for i in range(120)),
    "rising backticks": " ".join("`" * i for i in range(1, 125)),
    "brackets": "[" * 3_900 + "a" + "]" * 3_900,
    "nested pictures": "![" * 900 + "a" + "](http://a)" * 600,
    "nested links": "[" * 700 + "a" + "](http://a)" * 700,
    "open and shut": "*a " * 1_300 + "b* " * 1_300,
    "long host": ("http://" + "a." * N)[:N],
    "long user": ("http://" + "a@" * N)[:N],
    "long brackets": ("http://a/" + "[({" * N)[:N],
    "long address": "a" * 7_000 + "@" + "b." * 400,
    "every language": "".join(
        f"```{language}\na(b='c')\n```\n" for language in sorted(LANGUAGES)
    ),
    "many hostile codes": ("```css\n" + '\\"' * 800 + "\n```\n") * 4,
    "direction in code": "`" + "\u202e" * (N - 2) + "`",
    "one tab": "\t" * N,
    "blank": "a" + " " * (N - 2) + "b",
} | {
    f"{language} of {unit!r}": (f"```{language}\n" + unit * N)[:N]
    for language, unit in [
        ("python", "\\"),
        ("python", "(a"),
        ("js", '\\"'),
        ("js", "/"),
        ("c", " "),
        ("c", "  \n "),
        ("cpp", "{"),
        ("html", "&"),
        ("css", '\\"'),
        ("scala", "\\"),
        ("ini", " "),
        ("perl", '\\"'),
        ("yaml", "@"),
        ("tsx", "--"),
    ]
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_texts_are_rendered_in_time_and_size(kind: str) -> None:
    # Measured: 0.15 s at worst; the bound is a hang, not a benchmark.
    found: list[str] = []
    assert answers_within(1.5, lambda: found.append(render(HOSTILE[kind])))
    html = found[-1]
    assert len(html) <= RENDERED_MAX_LENGTH
    walled(html)


# Any text

PIECES = UNITS + [
    *"\n\n\n\n    \t\r\x00\x85\xa0\u2028\u3000\x0b\x1c\x7f\ufffe",
    *"*_`~[]()<>#+-=|:!&;\"'\\/@.0123456789ab",
    "\n\n",
    "\n- ",
    "\n> ",
    "\n1. ",
    "\n```py\n",
    "|-|-|\n",
    "https://a.b/",
    "</p>",
    "</code></pre>",
    "<script>",
    "javascript:",
    "\ud800",
    "\u202e",
    "&lt;",
    "MAILTO:a@b.c",
    "x y",
]
markdownish = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=25).map(
    "".join
)
plainish = st.lists(
    st.sampled_from(
        ["a", "b c", " ", "\n", "\n\n", ".", ":", "@", "'", '"', ">", "!", "- ", "1."]
        + ["\xa0", "\u3000", "(x)", "?", "/", "=", "#", "+", ";", "é", "😀", "www.a.b"]
        + ["\x85", "\u2028", "\u202e", "mailto:", "http:", "a.b", "^", "$x$", "%"]
    )
    | st.text(max_size=3),
    max_size=20,
).map("".join)


@given(source=markdownish)
@settings(max_examples=250)
def test_any_text_gives_only_what_is_allowed(source: str) -> None:
    walled(render(source))


@given(source=plainish)
@example(source="a\n\n\nb > c: d@ 'e' \"f\"\nwww.g.h i.py ;)")
@example(source="\n\na\n\n")
@example(source="a\xa0b")
@settings(max_examples=400)
def test_the_short_way_gives_what_the_long_way_gives(source: str) -> None:
    if is_plain(source):
        assert paragraphs(source) == render_in_full(source)
    assert render(source) == render_in_full(source)


def test_ordinary_messages_take_the_short_way() -> None:
    for source in (
        "hi",
        "So, see you at ten?\n\nYes :-) (I'll be there)",
        "bob: 5 > 4 @ 3",
    ):
        assert is_plain(source)
    for source in (
        "a_b",
        "a@b",
        "see https://a",
        "- a",
        "a\n1. b",
        " a",
        "a \nb",
        "a*",
    ):
        assert not is_plain(source)


# One line for announcements


def test_plain_text_is_one_line_without_markup() -> None:
    html = render("# Hi\n**a**b `c<d>`\n\n- x\n- y & z\n\n[t](https://a.b)")
    assert plain_text(html) == "Hi ab c<d> x y & z t"
    assert plain_text(render("```py a.py\nx = 1\n```")) == "a.py x = 1"
    assert plain_text("") == ""


def test_plain_text_is_cut_and_closed() -> None:
    assert plain_text(render("word " * 100), max_length=12) == "word word w…"
    assert plain_text(render("a" * 12), max_length=12) == "a" * 12
    assert plain_text(render("\u202e" + "a" * 50 + "\u202c"), max_length=5) == "aaa…"


@given(source=markdownish)
@settings(max_examples=60)
def test_plain_text_of_anything_is_short(source: str) -> None:
    line = plain_text(render(source), max_length=30)
    assert len(line) <= 30
    assert "\n" not in line
