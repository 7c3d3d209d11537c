"""The templates of fragments: their words are marked, also those compiled in."""

from jinja2 import nodes

from livechat.lib.jinja import environment
from livechat.lib.words import marked, put


def test_a_sentence_is_marked_with_and_without_values() -> None:
    made = environment(autoescape=True)
    source = (
        '<i title="{{ marked("React too") }}">{{ marked("{0} & {1}", who, 2) }}</i>'
    )
    html = made.from_string(source).render(who="<Bob>")
    first = marked("React too").__html__()
    second = marked("{0} & {1}", "<Bob>", 2).__html__()
    assert html == f'<i title="{first}">{second}</i>'
    told = '<i title="Auch reagieren">&lt;Bob&gt; &amp; 2</i>'
    assert put(html.encode(), "de").decode() == told


def test_a_sentence_without_values_is_said_when_the_template_is_compiled() -> None:
    made = environment(autoescape=True)
    compiled = made.compile(
        '{{ marked("React too") }}{{ marked("pinned")|upper }}', raw=True
    )
    assert "marked" not in compiled
    assert made.parse('{{ marked("pinned") }}').find(
        nodes.Call
    )  # for who reads sources
