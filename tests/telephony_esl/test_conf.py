"""The configuration that ships for FreeSWITCH and for Docker: sound, safe, and of one mind with the code."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import pytest
import yaml  # type: ignore[import-untyped]

from app.settings import read_settings
from core.legs import DialOrder, LegId
from telephony_esl import commands

ROOT: Final = Path(__file__).parent.parent.parent
CONF: Final = ROOT / "telephony_esl" / "conf"
TEST_CONF: Final = Path(__file__).parent / "freeswitch"
INCLUDE: Final = re.compile(r'<X-PRE-PROCESS cmd="include" data="([^"]+)"/>')
SET: Final = re.compile(r'<X-PRE-PROCESS cmd="(set|env-set)" data="(\w+)=([^"]*)"/>')
COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
KNOWN_TO_FREESWITCH: Final = {"local_ip_v4"}


def whole(path: Path) -> str:
    """A file with its includes put in, as FreeSWITCH does before it reads any XML."""
    text = path.read_text(encoding="utf-8").replace("<include>", "").replace("</include>", "")
    return INCLUDE.sub(lambda found: whole(path.parent / found[1]), text)


def settings() -> list[tuple[str, str, str]]:
    """How, which variable and to what settings.xml sets, in its order."""
    return SET.findall((CONF / "settings.xml").read_text(encoding="utf-8"))


@pytest.fixture(params=[CONF, TEST_CONF], ids=["user's", "test's"])
def document(request: pytest.FixtureRequest) -> ElementTree.Element:
    text = whole(request.param / "freeswitch.xml")
    return ElementTree.fromstring(text.encode())


@pytest.mark.parametrize("path", sorted([*CONF.glob("*.xml"), *TEST_CONF.glob("*.xml")]), ids=lambda path: path.name)
def test_no_comment_hides_a_line_that_freeswitch_obeys_all_the_same(path: Path) -> None:
    for comment in COMMENT.findall(path.read_text(encoding="utf-8")):
        assert "X-PRE-PROCESS" not in comment


def test_the_whole_configuration_is_xml_with_all_sections(document: ElementTree.Element) -> None:
    assert {section.get("name") for section in document.findall("section")} == {
        "configuration",
        "dialplan",
        "directory",
    }


def test_every_variable_that_is_used_is_set_before() -> None:
    known = {name for _, name, _ in settings()} | KNOWN_TO_FREESWITCH
    for path in [*CONF.glob("*.xml"), *TEST_CONF.glob("*.xml")]:
        text = COMMENT.sub("", path.read_text(encoding="utf-8"))
        assert set(re.findall(r"\$\$\{(\w+)\}", text)) <= known, path.name


def test_each_setting_has_a_default_and_an_environment_variable_after_it() -> None:
    found = settings()
    assert [kind for kind, _, _ in found] == ["set", "env-set"] * (len(found) // 2)
    for (_, name, _), (_, same, variable) in zip(found[::2], found[1::2], strict=True):
        assert name == same
        assert re.fullmatch(r"\$ZVONAR_[A-Z_]+", variable)


def test_the_dialplan_has_the_extensions_that_legs_are_sent_to(document: ElementTree.Element) -> None:
    context = document.find(".//context[@name='default']")
    assert context is not None
    expressions = [condition.get("expression", "") for condition in context.iter("condition")]
    for extension in ("park", "hold"):
        sent = commands.transfer(LegId("a"), extension).decode()
        assert f"{extension} XML default" in sent
        assert sum(bool(re.search(expression, extension)) for expression in expressions) == 1


def test_the_users_dialplan_expands_no_variable() -> None:
    for path in CONF.glob("*.xml"):
        text = COMMENT.sub("", path.read_text(encoding="utf-8"))
        assert re.findall(r"(?<!\$)\$\{", text) == [], path.name


def test_nobody_can_call_in_register_or_move_a_call(document: ElementTree.Element) -> None:
    profile = document.find(".//profile[@name='external']/settings")
    assert profile is not None
    params = {param.get("name"): param.get("value") for param in profile}
    assert params["context"] == "public"
    assert (params["auth-calls"], params["disable-register"], params["disable-transfer"]) == ("true", "true", "true")
    assert params["outbound-codec-prefs"] == commands.CODECS


def test_the_event_socket_listens_on_this_machine_alone_by_default() -> None:
    defaults = {name: value for kind, name, value in settings() if kind == "set"}
    assert defaults["zvonar_event_socket_ip"] == "127.0.0.1"
    assert "loopback.auto" in (CONF / "event_socket.conf.xml").read_text(encoding="utf-8")


def test_the_gateway_of_the_files_is_the_one_that_the_documentation_dials(document: ElementTree.Element) -> None:
    assert [gateway.get("name") for gateway in document.iter("gateway")] == ["provider"]
    order = DialOrder(leg=LegId("a"), trunk="provider", destination="+79000000200", ring_timeout=timedelta(seconds=30))
    assert b"sofia/gateway/provider/+79000000200" in commands.originate(order, gateway="sofia/gateway/provider")
    assert 'gateway = "sofia/gateway/provider"' in (ROOT / "docs" / "freeswitch.md").read_text(encoding="utf-8")


# --- docker-compose.yml ---


@pytest.fixture
def services() -> dict[str, Any]:
    plain = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    found: dict[str, Any] = plain["services"]
    return found


def test_compose_passes_freeswitch_only_settings_that_exist(services: dict[str, Any]) -> None:
    known = {value.removeprefix("$") for kind, _, value in settings() if kind == "env-set"}
    assert set(services["freeswitch"]["environment"]) <= known


def test_compose_holds_no_secret_and_has_no_default_for_one(services: dict[str, Any]) -> None:
    for service in services.values():
        for value in service["environment"].values():
            for name, rest in re.findall(r"\$\{(\w*PASSWORD\w*)(.*?)\}", str(value)):
                assert rest.startswith(":?"), name
    assert services["freeswitch"]["image"].startswith("${ZVONAR_FREESWITCH_IMAGE:?")


def test_compose_keeps_the_database_and_the_interface_on_this_machine(services: dict[str, Any]) -> None:
    assert all(str(port).startswith("127.0.0.1:") for port in services["postgres"]["ports"])
    assert services["zvonar"]["environment"]["ZVONAR_WEB__HOST"] == "127.0.0.1"


def test_every_service_tells_whether_it_is_well(services: dict[str, Any]) -> None:
    assert all("healthcheck" in service and "restart" in service for service in services.values())


def test_the_product_can_read_the_settings_that_compose_gives_it(
    services: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"ZVONAR_EVENT_SOCKET_PASSWORD": "s3cret", "ZVONAR_DATABASE_PASSWORD": "a"}

    def filled(text: str) -> str:
        return re.sub(r"\$\{(\w+)(?::[-?](.*?))?\}", lambda found: given.get(found[1], found[2] or ""), text)

    for name, value in services["zvonar"]["environment"].items():
        monkeypatch.setenv(name, filled(str(value)))
    read = read_settings()
    (switch,) = read.switches
    assert switch.settings().password == "s3cret"
    assert [(trunk.name, trunk.gateway) for trunk in switch.trunks] == [("provider", "sofia/gateway/provider")]
    assert json.loads(filled(services["zvonar"]["environment"]["ZVONAR_SWITCHES"]))[0]["port"] == 8021
