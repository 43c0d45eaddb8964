"""Parley: two-way SMS conversations for shops. This package is the house that stands on models, keywords and dialogs."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from bot.runtime import Runtime


def create_app(runtime: "Runtime | None" = None) -> "Flask":
    """The web application. Imports are inside, so that a worker never loads Flask."""
    from bot.web import make_app

    return make_app(runtime)
