"""The pages of the shop's people, /admin: they translate, and do nothing that the API could not.

  pages    who may see which page, and what each gets      look     languages, dates, icons
  mistakes what the house says of them
  doors    signing in and out, one's own account           the others   a page or two each
"""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from bot.runtime import Runtime
from bot.staff import SESSION_FOR
from bot.web.admin import (
    alerts,
    campaigns,
    canned,
    composer,
    contact,
    contacts,
    dialog_words,
    dialogs,
    doors,
    engine,
    home,
    inbox,
    keywords,
    live,
    media,
    numbers,
    own_texts,
    people,
    pictures,
    programs,
    segments,
    sending,
    shop,
    topics,
    try_it,
)
from bot.web.admin.look import open_look
from bot.web.admin.pages import FORMS, PAGES, PREFIX, blueprint, for_their_eyes, refused

__all__ = ["PAGES", "PREFIX", "RESOURCES", "open_pages", "refused"]

RESOURCES = (
    doors, home, shop, numbers, own_texts, topics, try_it, sending, engine, alerts, inbox, live, canned, contacts, contact,
    segments, campaigns, composer, dialogs, dialog_words, keywords, pictures, media, people, programs,
)  # fmt: skip
"""Where the pages are declared: to import them is enough."""


def open_pages(app: Flask, runtime: Runtime) -> None:
    """Open the door."""
    app.secret_key = runtime.settings.secret_key.get_secret_value()
    app.config.update(
        SESSION_COOKIE_NAME="parley", SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_PATH="/admin",
        SESSION_COOKIE_SECURE=runtime.settings.base_url.startswith("https:"),
        PERMANENT_SESSION_LIFETIME=SESSION_FOR, SESSION_REFRESH_EACH_REQUEST=False,  # whole pages do: see look.said
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # the token is enough, and not every browser says from where it comes
        WTF_CSRF_CHECK_DEFAULT=False,  # webhooks and programs show a signature or a token instead
    )  # fmt: skip
    if proxies := runtime.settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=0, x_host=0)  # type: ignore[method-assign]
    FORMS.init_app(app)
    open_look(app)
    app.jinja_env.globals["bell"] = alerts.rings
    app.register_blueprint(blueprint)
    app.after_request(for_their_eyes)
