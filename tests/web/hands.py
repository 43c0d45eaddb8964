"""Somebody at a page, with a mouse or with nothing but the keyboard."""

from typing import Any

from playwright.sync_api import Locator, Page


class Hands:
    """Fills in and goes on, with the mouse or with nothing but the keyboard; counts what it takes."""

    def __init__(self, page: Page, *, mouse: bool) -> None:
        self.page, self.mouse, self.clicks = page, mouse, 0

    def reach(self, wanted: Locator, most: int = 60) -> None:
        """Tab until it has the focus."""
        self.page.wait_for_load_state()
        for _ in range(most):
            if wanted.evaluate("one => one === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {wanted}")

    def fill(self, label: str, words: str) -> None:
        if self.mouse:
            self.page.get_by_label(label, exact=True).fill(words)
        else:
            self.reach(self._named(label, "textbox"))
            self.page.keyboard.type(words)

    def choose(self, label: str, option: str) -> None:
        if self.mouse:
            self.page.get_by_label(label, exact=True).select_option(label=option)
        else:
            self.reach(self._named(label, "combobox"))
            self.page.keyboard.type(option)

    def press(self, name: str, role: Any = "button") -> None:
        self.clicks += 1
        if self.mouse:
            self._named(name, role).click()
        else:
            self.reach(self._named(name, role))
            self.page.keyboard.press("Enter" if role != "checkbox" else "Space")

    def _named(self, name: str, role: Any) -> Locator:
        return self.page.get_by_role(role, name=name, exact=True)
