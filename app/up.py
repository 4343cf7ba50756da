"""The commands that run the product or look after it."""

from __future__ import annotations

import sys

from app.clock import SystemClock
from app.database import open_database
from app.product import Product, running
from app.roles import SIMULATED
from app.settings import Settings
from app.site import say_first_login
from app.stop import stop_asked
from core.errors import BadInput
from services import accounts
from storage.migrate import upgrade
from telephony_esl.examine import examine


async def run_up(settings: Settings) -> None:
    """Runs the product until a signal; the first start makes a company with one login and shows its password."""
    clock = SystemClock()
    with stop_asked() as stop:
        async with running(settings, clock) as product:
            await say_first_login(product.database, clock)
            say(product)
            await stop.wait()
            if product.dialler.live:
                print(f"Stopping: {product.dialler.live} calls may end; once more to cut them.", file=sys.stderr)


def say(product: Product) -> None:
    """Tells where the interface is and what was changed on the machine."""
    for notice in product.notices:
        print(notice, file=sys.stderr)
    if product.network is not None:
        print(SIMULATED)
    print(f"Zvonar is at {product.address}", flush=True)


async def run_migrate(settings: Settings) -> None:
    """Migrates the configured database as its owner, or the embedded one."""
    if settings.database_url is None:
        async with open_database(settings):
            pass
    elif settings.database_owner_url is None:
        raise BadInput(
            "no_owner",
            "The schema can only be changed by the owner of the tables.",
            field="database_owner_url",
            hint="Set ZVONAR_DATABASE_OWNER_URL to the owner's address of the same database.",
        )
    else:
        await upgrade(settings.database_owner_url.get_secret_value(), app_url=settings.database_url.get_secret_value())
    print("The database's schema is up to date.")


async def run_password(settings: Settings, login: str) -> None:
    """Gives `login` a new password and ends its sessions."""
    async with open_database(settings) as opened:
        made = await accounts.reset_password(opened.database, login=login)
    print(f"New password of {login}: {made}   (shown only now)")


async def run_switch_check(settings: Settings) -> None:
    """Examines every configured switch; status 1 where one lacks something, `Unavailable` where one does not answer."""
    if not settings.switches:
        print("No switch is configured: calls go to the simulated network. docs/freeswitch.md says how to name one.")
        return
    missing = 0
    for part in settings.switches:
        found = await examine(part.settings())
        print(f"{part.name}: {found.version}")
        for sentence in found.missing or ("Nothing is missing.",):
            print(f"  {sentence}")
        missing += len(found.missing)
    if missing:
        sys.exit(1)
