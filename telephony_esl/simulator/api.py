"""The api commands of the pretend switch, answered in the words of the real one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from core.errors import BadInput
from telephony_esl.commands import parse_originate
from telephony_esl.simulator.channel import Channel, Order, Stage, number_in
from telephony_esl.simulator.placed import EndedBy

if TYPE_CHECKING:
    from telephony_esl.simulator.network import SimulatedNetwork

VERSION: Final = "FreeSWITCH Version 1.10.12-release (simulated telephone network)\n"
USAGE: Final = {
    "originate": "<call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] "
    "[<cid_name>] [<cid_num>] [<timeout_sec>]",
    "uuid_kill": "<uuid> [cause]",
    "uuid_transfer": "<uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]",
    "uuid_bridge": "<uuid> <other_uuid>",
    "uuid_setvar": "<uuid> <var> [value]",
    "uuid_getvar": "<uuid> <var>",
    "sched_hangup": "[+]<time> <uuid> [<cause>]",
    "show": "channels as json",
}
LEAST_WORDS: Final = {"uuid_kill": 1, "uuid_setvar": 2, "uuid_getvar": 2} | dict.fromkeys(
    ("uuid_transfer", "uuid_bridge", "sched_hangup"), 2
)
NO_CHANNEL: Final = "-ERR No such channel!\n"
GATEWAY: Final = re.compile(r"sofia/gateway/(?P<name>[^/]+)/(?P<number>.+)")
NUMBER: Final = re.compile(r"\+?[0-9*#]{1,20}", re.ASCII)


def run(network: SimulatedNetwork, line: str) -> str:
    """Answers `api` commands but `originate`."""
    name, _, rest = line.partition(" ")
    words = rest.split()
    commands: dict[str, Callable[[SimulatedNetwork, list[str]], str]] = {
        "version": lambda network, words: VERSION,
        "show": _show,
        "uuid_exists": lambda network, words: "true" if words and words[0] in network.channels else "false",
        "uuid_kill": _kill,
        "uuid_transfer": _transfer,
        "uuid_bridge": _bridge,
        "uuid_setvar": _setvar,
        "uuid_getvar": _getvar,
        "sched_hangup": _sched_hangup,
    }
    command = commands.get(name)
    if name == "originate" or len(words) < LEAST_WORDS.get(name, 0):
        return _usage(name)
    return f"-ERR {name} command not found\n" if command is None else command(network, words)


def _usage(name: str) -> str:
    return f"-USAGE: {USAGE[name]}\n"


def originate(network: SimulatedNetwork, arguments: str, job: str) -> str | None:
    """Places a call; the answer of an originate that fails before there is a channel, None if one was made."""
    try:
        parsed = parse_originate("originate " + arguments)
    except BadInput:
        return _usage("originate")
    uuid = parsed.variables.get("origination_uuid") or str(uuid4())
    failure = _unplaceable(network, parsed.dial_string, parsed.application, uuid)
    if failure is not None:
        if failure != "CHAN_NOT_IMPLEMENTED":
            network.fire("CHANNEL_DESTROY", lambda: {"Unique-ID": uuid, "Hangup-Cause": failure})
        return f"-ERR {failure}\n"
    match = GATEWAY.fullmatch(parsed.dial_string)
    assert match is not None
    network.originate(Order(uuid, job, arguments, match["number"], match["name"], dict(parsed.variables)))
    return None


def _unplaceable(network: SimulatedNetwork, dial_string: str, application: str, uuid: str) -> str | None:
    match = GATEWAY.fullmatch(dial_string)
    if match is None:
        return "INVALID_PROFILE" if dial_string.startswith("sofia/") else "CHAN_NOT_IMPLEMENTED"
    if match["name"] not in network.gateways:
        return "INVALID_GATEWAY"
    if not NUMBER.fullmatch(match["number"]) or uuid in network.channels:
        return "DESTINATION_OUT_OF_ORDER"
    return None if application in ("&park()", "&park") else "SERVICE_NOT_IMPLEMENTED"


def _channel(network: SimulatedNetwork, words: list[str], at: int = 0) -> Channel | None:
    return network.channels.get(words[at]) if at < len(words) else None


def _kill(network: SimulatedNetwork, words: list[str]) -> str:
    channel = _channel(network, words)
    if channel is None:
        return NO_CHANNEL
    channel.hang_up(words[1] if len(words) > 1 else "NORMAL_CLEARING", by=EndedBy.SWITCH)
    return "+OK\n"


def _transfer(network: SimulatedNetwork, words: list[str]) -> str:
    channel = _channel(network, words)
    if channel is None or len(words) < 2:
        return (
            "-ERR No such channel!\n"
            if words
            else "-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n"
        )
    channel.transfer(words[1])
    return "+OK\n"


def _bridge(network: SimulatedNetwork, words: list[str]) -> str:
    channel, other = _channel(network, words), _channel(network, words, 1)
    if channel is None or other is None or channel is other:
        return "-ERR Invalid uuid\n"
    if Stage.RINGING in (channel.stage, other.stage):
        return "-ERR Invalid uuid\n"
    network.bridge(channel, other)
    return f"+OK {other.order.uuid}\n"


def _setvar(network: SimulatedNetwork, words: list[str]) -> str:
    channel = _channel(network, words)
    if channel is None:
        return NO_CHANNEL
    if len(words) == 2:
        channel.variables.pop(words[1], None)
    else:
        channel.variables[words[1]] = " ".join(words[2:])
    return "+OK\n"


def _getvar(network: SimulatedNetwork, words: list[str]) -> str:
    channel = _channel(network, words)
    if channel is None:
        return NO_CHANNEL
    return channel.view().variables.get(words[1], "_undef_")


def _sched_hangup(network: SimulatedNetwork, words: list[str]) -> str:
    after_s = number_in(words[0].removeprefix("+"), -1)
    if after_s < 0:
        return _usage("sched_hangup")
    channel = _channel(network, words, 1)
    if channel is None:
        return NO_CHANNEL
    channel.end_after(after_s, words[2] if len(words) > 2 else "ALLOTTED_TIMEOUT")
    return "+OK\n"


def _show(network: SimulatedNetwork, words: list[str]) -> str:
    if words != ["channels", "as", "json"]:
        return _usage("show")
    rows = [_row(channel) for channel in network.channels.values()]
    if not rows:
        return '{"row_count": 0}\n'
    return json.dumps({"row_count": len(rows), "rows": rows}, separators=(",", ":")) + "\n"


def _row(channel: Channel) -> dict[str, str]:
    view = channel.view()
    return {
        "uuid": view.uuid,
        "direction": "outbound",
        "created": f"{view.created:%Y-%m-%d %H:%M:%S}",
        "created_epoch": str(int(view.created.timestamp())),
        "name": f"sofia/external/{view.number}",
        "state": view.signs.state,
        "cid_name": view.caller,
        "cid_num": view.caller,
        "ip_addr": "",
        "dest": view.number,
        "application": channel.application,
        "application_data": "",
        "dialplan": "",
        "context": "default",
        "read_codec": "PCMA" if view.answered else "",
        "read_rate": "8000" if view.answered else "",
        "callstate": view.signs.call_state,
        "hostname": "simulator",
        "call_uuid": "",
    }
