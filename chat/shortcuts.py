"""Every key that does something: the sheet and the pages are made from this list."""

from dataclasses import dataclass

from livechat.lib.words import marked

ANYWHERE = "*"
WRITING = "#body"
NOT_WRITING = ":not(input, textarea, select)"


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Keys as hooks.js names them, what they do, and where the focus has to be."""

    keys: tuple[str, ...]
    about: str
    within: str = ANYWHERE

    @property
    def shown(self) -> list[list[str]]:
        """The keys as they are read: one list for each way."""
        return [[NAMES.get(key, key) for key in way.split("+")] for way in self.keys]


NAMES = {
    "mod": marked("Ctrl or ⌘"),
    "alt": "Alt",
    "shift": marked("Shift"),
    "enter": marked("Enter"),
    "escape": "Esc",
    "arrowup": "↑",
    "arrowdown": "↓",
    "b": "B",
    "i": "I",
    "k": "K",
}

SHORTCUTS = {
    "palette": Shortcut(
        ("mod+k",), marked("Search, or go to a room, a person or a page")
    ),
    "next_unread": Shortcut(
        ("alt+arrowdown",), marked("Next room with something unread")
    ),
    "last_unread": Shortcut(
        ("alt+arrowup",), marked("Previous room with something unread")
    ),
    "help": Shortcut(("mod+/",), marked("These keys, from anywhere")),
    "help_too": Shortcut(
        ("shift+?",), marked("The same, while you do not write"), NOT_WRITING
    ),
    "bold": Shortcut(("mod+b",), marked("What is selected in bold"), WRITING),
    "italic": Shortcut(("mod+i",), marked("What is selected in italics"), WRITING),
    "send": Shortcut(
        ("enter", "mod+enter"),
        marked("Send what you have written"),
        "form:not([data-code]) #body",
    ),
}

# What a browser or a part of the page does by itself; only told.
BY_THEMSELVES = (
    Shortcut(("shift+enter",), marked("A new line; within ``` Enter is one, too")),
    Shortcut(("arrowup",), marked("Edit your last message, while the box is empty")),
    Shortcut(
        ("shift+escape",), marked("Mark everything read, where something is unread")
    ),
    Shortcut(("escape",), marked("Close a list, a menu or a dialog")),
    Shortcut(("arrowup", "arrowdown"), marked("Through what was found or is proposed")),
    Shortcut(("/",), marked("Commands, as the first letter of a message")),
    Shortcut(("@",), marked("People of the room, as the first letter of a word")),
    Shortcut((":",), marked("Emoji by name, as the first letter of a word")),
)


def told() -> list[Shortcut]:
    """All of them, for the sheet."""
    return [*SHORTCUTS.values(), *BY_THEMSELVES]
