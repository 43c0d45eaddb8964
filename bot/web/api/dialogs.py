"""Dialogs: drafted, checked, tried out, replayed, published, put back, retired."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from bot import shop, tryout
from bot.catalogue import catalogue
from bot.replay import WHAT, Replayed, replay
from bot.shop import versions
from bot.shop.spec import LanguageName
from bot.web.api.bodies import Body
from bot.web.api.operations import Call, operation
from bot.web.api.paging import Page, PageQuery, page
from dialogs.load import MAX_CHARACTERS
from dialogs.load import Problem as Mistake

LONGEST_TALK, LONGEST_LINE = 100, 1600
MOST_DAYS = 3650

Yaml = Annotated[str, Field(max_length=MAX_CHARACTERS, description="The dialog as its YAML file.")]

EXAMPLE = """\
name: hello
start: hello
states:
  hello:
    say: {fr: "Bonjour ! Tout va bien ? OUI ou NON", en: "Hello! All well? YES or NO"}
    on:
      - {hear: {words: {fr: [oui], en: ["yes"]}}, goto: good}
    otherwise: {goto: good}
  good: {say: {fr: "Bonne journée !", en: "Have a good day!"}, end: done}
"""


class DraftIn(Body):
    """What a dialog's next version may be."""

    source: Yaml


class CheckIn(Body):
    """What is looked at."""

    source: Yaml | None = Field(None, description="Without it, the draft, else what is published.")


class SimulateIn(CheckIn):
    """A customer, and what they do."""

    language: LanguageName = Field("en", description="What they speak at first.")
    lines: list[Annotated[str, Field(max_length=LONGEST_LINE)]] = Field(
        min_length=1, max_length=LONGEST_TALK, fail_fast=True,
        description="Their texts; `[picture]` sends one, `@ +48h` (`m`, `h`, `d`) lets time pass.",
    )  # fmt: skip


class ReplayIn(CheckIn):
    """Which conversations are played again."""

    days: int = Field(30, ge=1, le=MOST_DAYS, description="Those that began in so many days.")


class RestoreIn(Body):
    """Which version."""

    version: int = Field(ge=1)


class VersionOut(BaseModel):
    """A dialog as it was written at one time."""

    version: int
    state: Literal["draft", "published", "retired"]
    made_at: datetime
    people: int = Field(description="Inside it now.")


class VersionWithSourceOut(VersionOut):
    """A version with its YAML."""

    source: str


class DialogOut(BaseModel):
    """A dialog."""

    name: str
    title: dict[str, str] | None = Field(description="By language; null: it has none, or cannot be read.")
    state: Literal["draft", "published", "retired"] = Field(description="draft: it never was published.")
    version: int | None = Field(description="The published one.")
    draft: bool = Field(description="Whether there is a draft.")
    people: int = Field(description="Inside it now, in whatever version.")


class DialogWithVersionsOut(DialogOut):
    """A dialog with its versions, the oldest first, and the YAML that is worked on: the draft, else what is published."""

    source: str
    versions: list[VersionOut]


class MistakeOut(BaseModel):
    """One thing that is wrong."""

    line: int | None = Field(description="Of the YAML; null: it is wrong elsewhere in the shop because of this.")
    path: str = Field(description="Such as `states.hello.on.0`.")
    message: str
    transcript: list[str] = Field(description="The shortest conversation that shows it, where one can.")


class CheckOut(BaseModel):
    """Whether it could be published."""

    holds: bool
    problems: list[MistakeOut]


class TranscriptOut(BaseModel):
    """What was said, in the notation of transcripts: `>` the customer, `<` the shop, `=` what has become true."""

    lines: list[str]


class ReplayedOut(BaseModel):
    """A recorded conversation that would have gone differently."""

    conversation: int
    begun_at: datetime
    differs: Sequence[str] = Field(description=f"{', '.join(f'`{name}`' for name in WHAT)}, or only the `way`.")
    consents_lost: int = Field(description="Consents that were given in it, and would not have been.")
    before: Sequence[str] = Field(description="The conversation in its own version, as a transcript.")
    after: Sequence[str]


class ReplayOut(Page[ReplayedOut]):
    """Some of many, the oldest first; only those that differ are shown."""

    conversations: int = Field(description="How many were played for this page.")


@operation("GET", "/dialogs", scope="dialogs:read", query=PageQuery, answer=Page[DialogOut])
def list_dialogs(call: Call) -> Page[DialogOut]:
    """All dialogs, page by page."""
    found = versions.stories(call.connection, call.query.cursor, call.query.limit + 1)
    titles = versions.titles(call.connection, found[: call.query.limit])
    return page(found, call.query, lambda story: DialogOut(**_shown(story, titles)))


@operation("GET", "/dialogs/<name>", scope="dialogs:read", answer=DialogWithVersionsOut)
def get_dialog(call: Call, name: str) -> DialogWithVersionsOut:
    """One dialog, with its YAML and its versions."""
    story = versions.story(call.connection, name)
    told = [VersionOut(**_version(row, story)) for row in story.versions]
    titles, source = versions.titles(call.connection, [story]), versions.source(call.connection, story.latest)
    return DialogWithVersionsOut(**_shown(story, titles), source=source, versions=told)


@operation("GET", "/dialogs/<name>/versions", scope="dialogs:read", query=PageQuery, answer=Page[VersionOut])
def list_versions(call: Call, name: str) -> Page[VersionOut]:
    """All versions of a dialog, page by page, each with how many people are inside."""
    story = versions.story(call.connection, name)
    found = [row for row in story.versions if row.id > call.query.cursor]
    return page(found[: call.query.limit + 1], call.query, lambda row: VersionOut(**_version(row, story)))


@operation("GET", "/dialogs/<name>/versions/<id:version>", scope="dialogs:read", answer=VersionWithSourceOut)
def get_version(call: Call, name: str, version: int) -> VersionWithSourceOut:
    """One version, with its YAML."""
    story = versions.story(call.connection, name)
    row = story.version(version)
    return VersionWithSourceOut(**_version(row, story), source=versions.source(call.connection, row))


@operation("PUT", "/dialogs/<name>/draft", scope="dialogs:write", body=DraftIn, answer=DialogWithVersionsOut, also=(201,),
           example={"source": EXAMPLE})  # fmt: skip
def put_draft(call: Call, name: str) -> DialogWithVersionsOut:
    """Keep what a dialog's next version may be, right or wrong; nobody gets to see it. 201 when the dialog is new."""
    call.status = 201 if versions.draft(call.connection, name, call.body.source) else 200
    return get_dialog(call, name)


@operation("DELETE", "/dialogs/<name>/draft", scope="dialogs:write")
def delete_draft(call: Call, name: str) -> None:
    """Throw a draft away."""
    versions.drop_draft(call.connection, name)


@operation("POST", "/dialogs/<name>/check", scope="dialogs:read", body=CheckIn, answer=CheckOut, transaction="read",
           example={"source": EXAMPLE})  # fmt: skip
def check_dialog(call: Call, name: str) -> CheckOut:
    """Tell whether it holds together on every path and in this shop: all that would keep it from being published."""
    found = versions.check(call.connection, name, _source(call, name))
    return CheckOut(holds=not found, problems=[_mistake(one, name) for one in found])


@operation("POST", "/dialogs/<name>/simulate", scope="dialogs:read", body=SimulateIn, answer=TranscriptOut, transaction="read",
           example={"source": EXAMPLE, "language": "fr", "lines": ["BONJOUR", "oui"]})  # fmt: skip
def simulate_dialog(call: Call, name: str) -> TranscriptOut:
    """Play it with a customer who is not there. Nothing is sent or kept; what only a real text says stands in brackets."""
    dialog, others = shop.Script(name, _source(call, name)).dialog, versions.published(call.connection)
    its = catalogue(call.connection)
    lines = tryout.transcript(dialog, others, call.body.language, call.body.lines, its.topic_names, its.fields)
    return TranscriptOut(lines=lines)


@operation("POST", "/dialogs/<name>/replay", scope="messages:read", query=PageQuery, body=ReplayIn, answer=ReplayOut,
           transaction="read", example={"days": 30})  # fmt: skip
def replay_dialog(call: Call, name: str) -> ReplayOut:
    """Play recorded conversations through it, page by page: which would have gone differently, and how. Nothing is sent or kept.

    `limit` counts the conversations that are played; a page shows only those that differ.
    """
    versions.story(call.connection, name)
    dialog, others = tryout.ready(shop.Script(name, _source(call, name)).dialog), versions.published(call.connection)
    now, query = call.now(), call.query
    since = now - timedelta(days=call.body.days)
    played, after = replay(call.connection, dialog, tryout.among(others), since, now, query.cursor, query.limit)
    return ReplayOut(items=[_replayed(one) for one in played if one.differs], next=after, conversations=len(played))


@operation("POST", "/dialogs/<name>/publish", scope="dialogs:publish", answer=DialogWithVersionsOut)
def publish_dialog(call: Call, name: str) -> DialogWithVersionsOut:
    """Let the draft be what people are led into from now on. Whoever is inside stays in the version that they began."""
    versions.publish(call.connection, name)
    return get_dialog(call, name)


@operation("POST", "/dialogs/<name>/restore", scope="dialogs:write", body=RestoreIn, answer=DialogWithVersionsOut,
           example={"version": 1})  # fmt: skip
def restore_dialog(call: Call, name: str) -> DialogWithVersionsOut:
    """Make an earlier version the draft, instead of the one that there may be."""
    versions.restore(call.connection, name, call.body.version)
    return get_dialog(call, name)


@operation("DELETE", "/dialogs/<name>", scope="dialogs:publish")
def delete_dialog(call: Call, name: str) -> None:
    """Retire a dialog that no keyword, campaign or other dialog opens. Whoever is inside can end it; its versions are kept.

    One that was never published is gone.
    """
    versions.drop(call.connection, name, call.now())


def _source(call: Call, name: str) -> str:
    if call.body.source is not None:
        return str(call.body.source)
    return versions.source(call.connection, versions.story(call.connection, name).latest)


def _shown(story: versions.Story, titles: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": story.name, "title": titles[story.name], "state": story.state, "draft": story.draft is not None,
        "version": story.published.number if story.published is not None else None, "people": story.people,
    }  # fmt: skip


def _version(row: Any, story: versions.Story) -> dict[str, Any]:
    return {"version": row.number, "state": row.state, "made_at": row.made_at, "people": story.inside[row.id]}


def _mistake(one: Mistake, name: str) -> MistakeOut:
    line = one.line if one.file == name else None
    return MistakeOut(line=line, path=one.path, message=one.message, transcript=list(one.transcript))


def _replayed(one: Replayed) -> ReplayedOut:
    return ReplayedOut(
        conversation=one.conversation_id, begun_at=one.begun_at, differs=one.differs, consents_lost=len(one.consents_lost),
        before=one.before, after=one.after,
    )  # fmt: skip
