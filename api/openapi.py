"""The API's description, OpenAPI 3.1; `python -m api.openapi` prints it."""

from __future__ import annotations

import json
import sys
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.problems import MEDIA_TYPE, Problem

ANY_PROBLEM: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "The request was refused; `code` says why.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}
"""What every route may answer instead of its own answer."""


def describe(app: FastAPI) -> dict[str, Any]:
    """The whole description; made once and kept by `app`."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            openapi_version=app.openapi_version,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
        )
        schemas = schema["components"]["schemas"]
        schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        app.openapi_schema = schema
    return app.openapi_schema


def main() -> None:
    """Prints the description as JSON."""
    from api.app import bare_app

    json.dump(describe(bare_app()), sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
