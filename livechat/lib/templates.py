"""Templates that are all in memory before the first of them is needed.

The rule it guards: a process that cannot open a file, because it has too many open or
because the disk is gone, still tells everybody everything.
"""

from pathlib import Path

from django.conf import settings
from django.template import engines
from django.utils import translation
from django.utils.formats import localize

_JINJA = ".jinja"  # the templates of the engine "fragments"


def load_templates() -> None:
    """Compile every template of the site; one that is wrong raises."""
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            localize(1)  # reads the language's formats
            translation.gettext("Close")  # and its words
    for engine in engines.all():
        is_jinja = engine.name == "fragments"
        for folder in map(Path, engine.dirs):
            for file in sorted(folder.rglob("*.*")):
                if file.is_file() and (file.suffix == _JINJA) == is_jinja:
                    engine.get_template(file.relative_to(folder).as_posix())
