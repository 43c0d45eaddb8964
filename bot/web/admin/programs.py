"""The tokens of programs: what each may do, made and shown once, taken back."""

from collections.abc import Mapping, Sequence

from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from bot import tokens
from bot.web.admin.pages import Visit, Wrong, go, page, show

LONGEST_NAME = 80  # characters


@page("/team/programs", role="admin")
def programs(visit: Visit) -> object:
    """All tokens, those that were taken back last."""
    with visit.read() as connection:
        rows = sorted(tokens.all_tokens(connection), key=lambda row: (row.revoked_at is not None, -row.id))
    return show("tokens.html", rows=rows, now=visit.runtime.machine_now())


def _form(status: int = 200, name: str = "", chosen: Sequence[str] = (), errors: Mapping[str, str] | None = None) -> object:
    known = {"name": name, "chosen": chosen, "errors": errors or {}}
    return show("new_token.html", status, scopes=tokens.SCOPES, longest=LONGEST_NAME, **known)


@page("/team/programs/new", role="admin", methods=("GET", "POST"))
def new_token(visit: Visit) -> object:
    """One more. What the program shows is shown this once."""
    if not visit.form:
        return _form()
    name, scopes = visit.form.get("name", "")[:LONGEST_NAME], [one for one in visit.many("scopes") if one in tokens.SCOPES]

    def made(connection: Connection) -> str:
        errors = {} if name else {"name": gettext("Say which program it is for.")}
        if not scopes:
            errors["scopes"] = gettext("Choose at least one.")
        if errors:
            raise Wrong(errors)
        try:
            secret = tokens.create(connection, name, scopes, visit.runtime.machine_now())
        except tokens.TokenError:
            raise Wrong({"name": gettext("Another token has this name.")}) from None
        visit.audit(connection, "token.made", "token", after={"name": name, "scopes": scopes})
        return secret

    try:
        secret = visit.change(made)
    except Wrong as wrong:
        return _form(422, name, scopes, wrong.errors)
    return show("token.html", name=name, scopes=scopes, secret=secret, base=visit.runtime.settings.base_url)


@page("/team/programs/<int:token_id>/revoke", role="admin", methods=("POST",))
def revoke_token(visit: Visit, token_id: int) -> object:
    """Whoever shows it is refused from now on."""

    def revoke(connection: Connection) -> None:
        row = next((one for one in tokens.all_tokens(connection) if one.id == token_id), None)
        if row is None:
            raise NotFound
        if row.revoked_at is None:
            tokens.revoke(connection, row.name, visit.runtime.machine_now())
            visit.audit(connection, "token.revoked", "token", before={"name": row.name, "scopes": row.scopes})

    visit.change(revoke)
    return go("programs", say=gettext("The token is taken back."))
