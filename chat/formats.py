"""How a message is formatted: what the menu beside the message box writes."""

from dataclasses import dataclass

from livechat.lib.words import marked

SELECTED = "…"  # stands for what is selected in the box (static/js/hooks.js)


@dataclass(frozen=True, slots=True)
class Format:
    """One line of the menu."""

    name: str
    insert: str  # what it writes, with SELECTED in it
    key: str = ""  # of chat.shortcuts.SHORTCUTS

    @property
    def shown(self) -> str:
        """How it is written, in one line."""
        return self.insert.replace("\n", " ").strip()


FORMATS = (
    Format(marked("Bold"), "**…**", "bold"),
    Format(marked("Italics"), "*…*", "italic"),
    Format(marked("Struck through"), "~~…~~"),
    Format(marked("Code"), "`…`"),
    Format(marked("Lines of code"), "```\n…\n```"),
    Format(marked("Quotation"), "\n> …"),
    Format(marked("List"), "\n- …"),
    Format(marked("Link"), "[…](https://)"),
)
