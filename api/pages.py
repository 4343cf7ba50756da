"""The built interface: its files as they are, every other address as its one page."""

from __future__ import annotations

import secrets
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from api.headers import content_policy

NONCE = "__CSP_NONCE__"
"""Stands in the built page wherever each response's own nonce belongs."""

FOR_EVER = "public, max-age=31536000, immutable"  # names of built assets hold a hash of their content

NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Zvonar</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style nonce="__CSP_NONCE__">
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 15vh auto; padding: 0 1rem; color: #243; }
code { background: #eef1f0; padding: .1em .3em; border-radius: 4px; }
</style></head><body>
<h1>Zvonar runs, its web interface is not built</h1>
<p>The service and its <a href="/api/v1/openapi.json">API</a> work. The interface was left out when the product was
set up, most often because npm could not fetch its packages; the set-up said why.</p>
<p>To build it, run <code>./zvonar setup</code> in the product's folder with a network connection, then start
the product again.</p>
</body></html>
"""


class _Assets(StaticFiles):
    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = FOR_EVER
        return response


def add_pages(app: FastAPI, dist: Path | None) -> None:
    """Serves the interface from `dist`, or a page that says that it is not built."""
    index = dist / "index.html" if dist else None
    built = index.read_text("utf-8") if index and index.is_file() else None
    if dist and built and (dist / "assets").is_dir():
        app.mount("/assets", _Assets(directory=dist / "assets"))
    router = APIRouter(include_in_schema=False)

    @router.get("/{path:path}")
    async def page(path: str) -> Response:
        """The interface's page, whatever place in it the address names."""
        if path.startswith("api/") or (built is None and path):
            raise HTTPException(404, "There is nothing at this address.")
        if dist and built and _is_file_of(dist, path):
            return FileResponse(dist / path)
        return _page(built or NOT_BUILT)

    app.include_router(router)


def _is_file_of(dist: Path, path: str) -> bool:
    """Whether the address is that of a file beside the page: none in a folder, no hidden one, not the page itself."""
    if not path or "/" in path or "\0" in path or path[0] == "." or path == "index.html":
        return False
    return (dist / path).is_file()


def _page(html: str) -> HTMLResponse:
    nonce = secrets.token_urlsafe(16)
    headers = {"Content-Security-Policy": content_policy(nonce), "Cache-Control": "no-cache"}
    return HTMLResponse(html.replace(NONCE, nonce), headers=headers)
