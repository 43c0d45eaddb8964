"""A form as a browser would send it, read from a page."""

from html.parser import HTMLParser

from werkzeug.datastructures import MultiDict


class _Controls(HTMLParser):
    """The controls of the forms of a page, each with what it holds, in order."""

    def __init__(self, id_: str) -> None:
        super().__init__(convert_charrefs=True)
        self.id, self.inside = id_, False
        self.found: list[tuple[str, str]] = []
        self.name: str | None = None  # of the text area or list that is being read
        self.options: list[tuple[str, bool]] = []
        self.is_list, self.words = False, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = said.get("id") == self.id
        if not self.inside or "disabled" in said:
            return
        if tag == "input" and "name" in said:
            if said.get("type") not in ("checkbox", "radio") or "checked" in said:
                self.found.append((said["name"], said.get("value", "")))
        elif tag in ("textarea", "select") and "name" in said:
            self.name, self.is_list, self.words, self.options = said["name"], tag == "select", "", []
        elif tag == "option" and self.name is not None:
            self.options.append((said.get("value", ""), "selected" in said))

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        if tag not in ("textarea", "select") or self.name is None:
            return
        if self.is_list:
            chosen = [value for value, is_chosen in self.options if is_chosen] or [value for value, _ in self.options[:1]]
            self.found += [(self.name, value) for value in chosen[-1:]]
        else:
            self.found.append((self.name, self.words.removeprefix("\n")))
        self.name = None


def form_of(page: str, id_: str) -> MultiDict[str, str]:
    """What a browser would send of the form with this id if nobody changed it."""
    controls = _Controls(id_)
    controls.feed(page)
    return MultiDict(controls.found)
