"""Keywords: words and phrases that open a dialog, or are answered by a reply. All as the shop's file has them."""

from typing import Any

from bot import shop
from bot.shop.spec import KeywordPart
from bot.web.api.operations import Call, operation
from bot.web.api.paging import Page, PageQuery, page
from models import Keyword

EXAMPLE = {"phrases": {"fr": ["avis"], "en": ["survey"]}, "mode": "first", "dialog": "survey"}


class KeywordOut(KeywordPart):
    """A keyword."""

    id: int


@operation("GET", "/keywords", scope="shop:read", query=PageQuery, answer=Page[KeywordOut])
def list_keywords(call: Call) -> Page[KeywordOut]:
    """All keywords, page by page."""
    return page(shop.page(call.connection, Keyword, call.query.cursor, call.query.limit + 1), call.query, _shown)


@operation("POST", "/keywords", scope="shop:write", body=KeywordPart, answer=KeywordOut, status=201, example=EXAMPLE)
def post_keyword(call: Call) -> KeywordOut:
    """Make a keyword."""
    return get_keyword(call, shop.make_keyword(call.connection, call.body))


@operation("GET", "/keywords/<id:keyword_id>", scope="shop:read", answer=KeywordOut)
def get_keyword(call: Call, keyword_id: int) -> KeywordOut:
    """One keyword."""
    return _shown(shop.one(call.connection, Keyword.id, keyword_id))


@operation("PUT", "/keywords/<id:keyword_id>", scope="shop:write", body=KeywordPart, answer=KeywordOut, example=EXAMPLE)
def put_keyword(call: Call, keyword_id: int) -> KeywordOut:
    """Say a keyword anew."""
    shop.change_keyword(call.connection, keyword_id, call.body)
    return get_keyword(call, keyword_id)


@operation("DELETE", "/keywords/<id:keyword_id>", scope="shop:write")
def delete_keyword(call: Call, keyword_id: int) -> None:
    """Let a keyword go. Its dialog stays, and so does whoever is inside."""
    shop.drop_keyword(call.connection, keyword_id)


def _shown(row: Any) -> KeywordOut:
    return KeywordOut(**shop.said(KeywordOut, row))
