"""Every key that does something: the sheet and the pages are made from this list."""

from dataclasses import dataclass

ANYWHERE = "*"
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
    "mod": "Ctrl or ⌘",
    "alt": "Alt",
    "shift": "Shift",
    "enter": "Enter",
    "escape": "Esc",
    "arrowup": "↑",
    "arrowdown": "↓",
    "k": "K",
}

SHORTCUTS = {
    "palette": Shortcut(("mod+k",), "Search, or go to a room, a person or a page"),
    "next_unread": Shortcut(("alt+arrowdown",), "Next room with something unread"),
    "last_unread": Shortcut(("alt+arrowup",), "Previous room with something unread"),
    "help": Shortcut(("mod+/",), "These keys, from anywhere"),
    "help_too": Shortcut(("shift+?",), "The same, while you do not write", NOT_WRITING),
    "send": Shortcut(
        ("enter", "mod+enter"),
        "Send what you have written",
        "form:not([data-code]) #body",
    ),
}

# What a browser or a part of the page does by itself; only told.
BY_THEMSELVES = (
    Shortcut(("shift+enter",), "A new line; within ``` Enter is one, too"),
    Shortcut(("arrowup",), "Edit your last message, while the box is empty"),
    Shortcut(("shift+escape",), "Mark everything read, where something is unread"),
    Shortcut(("escape",), "Close a list, a menu or a dialog"),
    Shortcut(("arrowup", "arrowdown"), "Through what was found or is proposed"),
    Shortcut(("/",), "Commands, as the first letter of a message"),
)


def told() -> list[Shortcut]:
    """All of them, for the sheet."""
    return [*SHORTCUTS.values(), *BY_THEMSELVES]
