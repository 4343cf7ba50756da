"""The API and the interface as one ASGI application; built by `create_app`, nothing is built at import."""

from __future__ import annotations

from fastapi import APIRouter, Depends, FastAPI

from api import (
    calls,
    campaigns,
    causes,
    company,
    contact_fields,
    contacts,
    exports,
    funnel,
    groups,
    health,
    imports,
    leads,
    live,
    messages,
    microphone,
    number_lists,
    rehearsal,
    reports,
    scenarios,
    session,
    sounds,
    trunks,
    voices,
    what_if,
)
from api.body_limit import BodyLimit
from api.deps import Deps
from api.headers import SecureHeaders
from api.metrics import ApiMetrics, Measured
from api.openapi import ANY_PROBLEM, describe
from api.pages import add_pages
from api.problems import answer_problems
from api.security import from_our_pages

__all__ = ["Deps", "bare_app", "create_app"]

PREFIX = "/api/v1"
DESCRIPTION = """Everything the interface does.

Sign in with `POST /api/v1/session`; the cookie it sets says who asks. Every change (POST, PUT, PATCH, DELETE) needs
the header `X-Requested-With: zvonar` or a same-origin page. A refusal is `application/problem+json`: a stable `code`, a
`message`, and where there are such a `field` and a `hint`. Instants are ISO 8601 in UTC. Live changes come over the
WebSocket `/api/v1/live`."""
TAGS = [
    {"name": "session", "description": "Signing in and out."},
    {"name": "campaigns", "description": "Calling campaigns."},
    {"name": "leads", "description": "Contacts in a campaign: one by one, and many at once."},
    {"name": "contacts", "description": "Loading and writing lists of contacts; their fields and tags."},
    {"name": "number lists", "description": "Numbers never to be called, and those of special guests."},
    {"name": "reports", "description": "What campaigns achieved."},
    {"name": "scenarios", "description": "What robots say: drafts, versions, checks."},
    {"name": "sounds", "description": "Sound files that scenarios play."},
    {"name": "voices", "description": "Prompts heard before they are published."},
    {"name": "calls", "description": "Single calls with their recordings."},
    {"name": "messages", "description": "SMS, e-mail and webhooks that calls send, and their templates."},
    {"name": "operators", "description": "What operators would get of a campaign."},
    {"name": "operator groups", "description": "Operators to whom robots transfer."},
    {"name": "company", "description": "Rules that hold for all campaigns, and calls outside of them."},
    {"name": "trunks", "description": "Outgoing lines."},
    {"name": "service", "description": "Health and metrics."},
]
PARTS = (
    session,
    campaigns,
    causes,
    scenarios,
    rehearsal,
    reports,
    funnel,
    what_if,
    leads,
    contacts,
    imports,
    exports,
    contact_fields,
    number_lists,
    calls,
    messages,
    groups,
    company,
    trunks,
    sounds,
    voices,
    health,
)


def bare_app() -> FastAPI:
    """All routes of the API without anything behind them: enough to describe it."""
    app = FastAPI(
        title="Zvonar",
        version="1",
        description=DESCRIPTION,
        openapi_url=f"{PREFIX}/openapi.json",
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        license_info={"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
    )
    changes = APIRouter(prefix=PREFIX, dependencies=[Depends(from_our_pages)], responses=ANY_PROBLEM)
    for part in PARTS:
        changes.include_router(part.router)
    app.include_router(changes)
    app.include_router(live.router, prefix=PREFIX)
    app.include_router(microphone.router, prefix=PREFIX)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    answer_problems(app)
    return app


def create_app(deps: Deps) -> FastAPI:
    """The application that serves `deps`: the API under /api/v1 and the interface at every other address."""
    app = bare_app()
    metrics = ApiMetrics(deps.registry)
    app.state.deps = deps
    app.state.metrics = metrics
    add_pages(app, deps.web_dist)
    app.add_middleware(BodyLimit)
    app.add_middleware(Measured, metrics=metrics, clock=deps.clock)
    app.add_middleware(SecureHeaders)
    return app
