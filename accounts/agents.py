"""What kind of browser a User-Agent header speaks of, in words for people."""

from django.utils.translation import gettext

UNKNOWN = "An unknown device"
# The first that fits counts: each browser also names the ones it descends from.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def device_name(user_agent: str) -> str:
    """Such as "Firefox on Linux"; "An unknown device" when nothing is known of it."""
    browser = _first(BROWSERS, user_agent)
    system = _first(SYSTEMS, user_agent)
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or UNKNOWN


def in_words(name: str) -> str:
    """What `device_name` said, in the reader's language."""
    browser, is_both, system = name.partition(" on ")
    if not is_both:
        return gettext("An unknown device") if name == UNKNOWN else name
    return gettext("{browser} on {system}").format(browser=browser, system=system)


def _first(names: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for mark, name in names if mark in text), "")
