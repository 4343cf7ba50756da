r"""The commands that are sent to FreeSWITCH, as bytes, and what may stand in them.

A line feed in an argument would be the next command, so CR, LF and NUL are refused everywhere. Names, leg ids, causes
and labels are whitelisted. Originate variables are the one place for free text: FreeSWITCH takes their string apart
three times (words by spaces, variables by commas, name from value by `=`), and each pass eats one layer of
backslashes and quotes; `escape` puts on three layers. What no layer protects is refused: braces, which it counts
without looking at backslashes, and `:_:`, which cuts the whole string into separate calls wherever it stands.

`parse_originate` takes an originate apart as FreeSWITCH does; a property test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Final, Literal

from core.errors import BadInput
from core.legs import DialOrder, LegId

Extension = Literal["park", "hold"]

ALLOTTED_TIMEOUT: Final = "ALLOTTED_TIMEOUT"
ORIGINATOR_CANCEL: Final = "ORIGINATOR_CANCEL"
NORMAL_CLEARING: Final = "NORMAL_CLEARING"
CODECS: Final = "PCMA,PCMU"
MEDIA_TIMEOUT_MS: Final = 60_000
"""How long a far telephone may send no audio at all, silence suppression included, before its leg is given up."""

_BROKEN_LINE: Final = re.compile(r"[\r\n\0]")
_DESTINATION: Final = re.compile(r"\+?[0-9*#]{1,20}")
_LEG: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_LABEL: Final = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_NAME: Final = re.compile(rf"{_VARIABLE.pattern}|sip_h_{_HEADER.pattern}")
"""A channel variable, or one that FreeSWITCH sends as a SIP header."""
_CAUSE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_EVENT: Final = re.compile(r"[A-Z][A-Z_]{0,63}")
_HOST: Final = re.compile(r"[A-Za-z0-9_.:-]{1,253}")
_GATEWAY: Final = re.compile(r"[A-Za-z0-9_.@/-]{1,200}")
_ENTERPRISE: Final = ":_:"
_UNESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t", "s": " "}


# --- lines ---


def auth(password: str) -> bytes:
    """Proves who we are."""
    return _line("auth", _sound(password, "password"))


def subscribe(events: tuple[str, ...]) -> bytes:
    """Asks for the named events, as JSON."""
    return _line("event", "json", *(_matching(_EVENT, name, "event") for name in events))


def version() -> bytes:
    """Asks which FreeSWITCH it is."""
    return _line("api", "version")


def module_exists(module: str) -> bytes:
    """Asks whether a module is loaded: `true` or `false`."""
    return _line("api", "module_exists", _matching(_VARIABLE, module, "module"))


def locate_context(context: str) -> bytes:
    """Asks for a context of the dialplan as it is loaded, as XML."""
    return _line("api", "xml_locate", "dialplan", "context", "name", _matching(_VARIABLE, context, "context"))


def gateway_state(name: str) -> bytes:
    """Asks for the state of a SIP gateway, as XML, or `Invalid Gateway!`."""
    return _line("api", "sofia", "xmlstatus", "gateway", _matching(_LABEL, name, "gateway"))


def show_channels() -> bytes:
    """Asks for all live legs, as JSON."""
    return _line("api", "show", "channels", "as", "json")


def exists(leg: LegId) -> bytes:
    """Asks whether a leg lives: `true` or `false`."""
    return _line("api", "uuid_exists", _leg(leg))


def kill(leg: LegId, cause: str = NORMAL_CLEARING) -> bytes:
    """Ends a leg in any state."""
    return _line("api", "uuid_kill", _leg(leg), _matching(_CAUSE, cause, "cause"))


def transfer(leg: LegId, extension: Extension) -> bytes:
    """Sends a leg to the park or the hold extension; whatever it does now ends.

    The leg's own thread does it: `uuid_transfer` would end a running unicast from another thread while the leg's own
    may be ending it too, and the two can freeze the leg and the whole event socket.
    """
    headers = {
        "call-command": "execute",
        "execute-app-name": "transfer",
        "execute-app-arg": f"{extension} XML default",
    }
    return _line("sendmsg", _leg(leg), headers=headers)


def bridge(leg: LegId, other: LegId) -> bytes:
    """Joins two legs."""
    return _line("api", "uuid_bridge", _leg(leg), _leg(other))


def end_after(leg: LegId, after: timedelta, cause: str = ALLOTTED_TIMEOUT) -> bytes:
    """Has FreeSWITCH end a leg by itself."""
    seconds = ceil(after.total_seconds())
    return _line("api", "sched_hangup", f"+{seconds}", _leg(leg), _matching(_CAUSE, cause, "cause"))


def unicast(leg: LegId, *, switch_host: str, our_host: str, our_port: int) -> bytes:
    """Opens a parked leg's audio as datagrams between a port of the switch's choice and ours."""
    headers = {
        "call-command": "unicast",
        "local-ip": _matching(_HOST, switch_host, "switch_host"),
        "local-port": "0",
        "remote-ip": _matching(_HOST, our_host, "our_host"),
        "remote-port": str(our_port),
        "transport": "udp",
    }
    return _line("sendmsg", _leg(leg), headers=headers)


def hang_up(leg: LegId, cause: str = NORMAL_CLEARING) -> bytes:
    """Ends a leg by a message to its session."""
    headers = {"call-command": "hangup", "hangup-cause": _matching(_CAUSE, cause, "cause")}
    return _line("sendmsg", _leg(leg), headers=headers)


def leave() -> bytes:
    """Ends the connection; legs live on."""
    return _line("exit")


def originate(order: DialOrder, *, gateway: str, prefix: str = "", label_header: str | None = None) -> bytes:
    """Places a leg in the background, parked once answered; its Job-UUID is the leg's own id.

    The order's call label goes out in the SIP header `label_header`, if the trunk has one.
    """
    number = _matching(_DESTINATION, prefix + order.destination, "destination")
    target = f"{_matching(_GATEWAY, gateway, 'gateway')}/{number}"
    known = originate_variables(order)
    if label_header is not None and order.call_label is not None:
        known[f"sip_h_{_matching(_HEADER, label_header, 'label_header')}"] = order.call_label
    variables = channel_variables(known)
    return _line("bgapi", "originate", f"{variables}{target}", "&park()", headers={"Job-UUID": _leg(order.leg)})


# --- originate variables ---


def originate_variables(order: DialOrder) -> dict[str, str]:
    """What FreeSWITCH must know of a leg so that it is safe: ends by itself, follows no redirect, keeps its codec.

    `sched_hangup` on answer ends a leg that lost its owner; a `park_timeout` would do so in the first park only, and
    FreeSWITCH forgets `park_after_bridge` together with it. Early media is ignored: it ends neither the wait for the
    answer nor the ring timeout. Whole clock seconds make FreeSWITCH's ring timeout up to a second short, so one is
    added.
    """
    most = max(1, ceil(order.max_duration.total_seconds()))
    variables = {
        "origination_uuid": _leg(order.leg),
        "originate_timeout": str(max(1, ceil(order.ring_timeout.total_seconds())) + 1),
        "ignore_early_media": "true",
        "outbound_redirect_fatal": "true",
        "absolute_codec_string": CODECS,
        "execute_on_answer": f"sched_hangup +{most} {ALLOTTED_TIMEOUT}",
        "media_timeout": str(MEDIA_TIMEOUT_MS),
        "park_after_bridge": "true",
    }
    if order.caller_number is not None:
        caller = _matching(_DESTINATION, order.caller_number, "caller_number")
        variables |= {"origination_caller_id_number": caller, "origination_caller_id_name": caller}
    for name, value in order.labels.items():
        if name in variables:
            raise BadInput("bad_label", f"The label {name!r} is one of the switch's own variables.", field="labels")
        variables[_matching(_VARIABLE, name, "labels")] = _matching(_LABEL, value, f"labels.{name}")
    return variables


def channel_variables(variables: Mapping[str, str]) -> str:
    """Writes originate variables as `{a=b,c=d}`; empty for none. `BadInput` names the variable that cannot be."""
    if not variables:
        return ""
    pairs = (f"{_matching(_NAME, name, 'variable')}={escape(value, field=name)}" for name, value in variables.items())
    return "{" + ",".join(pairs) + "}"


def escape(value: str, *, field: str = "value") -> str:
    """Writes a value so that FreeSWITCH ends up with just this value and sets nothing else."""
    if not value:
        raise BadInput("empty_variable", "FreeSWITCH cannot set a variable to an empty text.", field=field)
    _sound(value, field)
    if "{" in value or "}" in value or _ENTERPRISE in value:
        raise BadInput("unsafe_variable", "Braces and ':_:' cannot be made safe for FreeSWITCH.", field=field)
    text = value.replace("\\", "\\\\").replace("'", "\\'")
    text = re.sub(r"^ +| +$", lambda spaces: "\\s" * len(spaces.group()), text)
    text = text.replace("\\", "\\\\").replace("'", "\\'").replace(",", "\\,")
    text = re.sub(r"""\\(?=['"\\ nrts]|$)""", r"\\\\", text)
    return text.replace("'", "\\'").replace(" ", "\\s")


@dataclass(frozen=True, slots=True)
class ParsedOriginate:
    """An originate as FreeSWITCH understands it."""

    variables: Mapping[str, str]
    dial_string: str
    application: str


def parse_originate(line: str) -> ParsedOriginate:
    """Takes `[bgapi|api] originate {…}target &app(…)` apart as FreeSWITCH does; `BadInput` where it answers -USAGE."""
    command = re.sub(r"^(bg)?api +", "", line.strip())
    name, _, arguments = command.partition(" ")
    words = _split(arguments, " ")
    if name != "originate" or not 2 <= len(words) <= 7:
        raise BadInput("bad_originate", "An originate has a target, an application and up to five more words.")
    target, variables = words[0], {}
    if target.startswith("{"):
        end = _closing_brace(target)
        for pair in _split(target[1:end], ","):
            parts = _split(pair, "=", 2)
            if len(parts) == 2:
                variables[parts[0]] = parts[1]
        target = target[end + 1 :]
    return ParsedOriginate(variables, target.strip(), words[1])


def _closing_brace(text: str) -> int:
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter == "{") - (letter == "}")
        if depth == 0:
            return at
    raise BadInput("bad_originate", "The braces of the originate variables do not close.")


def _split(text: str, delimiter: str, at_most: int | None = None) -> list[str]:
    """One of FreeSWITCH's passes: splits outside quotes and backslashes, and takes one layer of them off each part."""
    parts: list[str] = []
    begin, at, quoted = 0, 0, False
    while at < len(text) and (at_most is None or len(parts) + 1 < at_most):
        letter = text[at]
        if letter == "\\":
            at += 1
        elif letter == "'" and (quoted or delimiter == " " or "'" in text[at + 1 :]):
            quoted = not quoted
        elif letter == delimiter and not quoted:
            parts.append(text[begin:at])
            begin = at + 1
        at += 1
    if begin < len(text):
        parts.append(text[begin:])
    if delimiter == " ":
        parts = [part for part in parts if part]
    return [_unescaped(part, delimiter) for part in parts]


def _unescaped(text: str, delimiter: str) -> str:
    """Takes one layer of backslashes and quotes off, and the bare spaces at both ends."""
    letters: list[str] = []
    kept, at, quoted = 0, 0, False
    text = text.lstrip(" ")
    while at < len(text):
        letter, following = text[at], text[at + 1 : at + 2]
        if letter == "\\" and following and (following in "'\"\\" + delimiter or following in _UNESCAPED):
            letters.append(following if following in "'\"\\" + delimiter else _UNESCAPED[following])
            kept = len(letters)
            at += 2
            continue
        if letter == "'" and (quoted or "'" in text[at + 1 :]):
            quoted = not quoted
            kept = len(letters) if quoted else kept
        else:
            letters.append(letter)
            kept = len(letters) if letter != " " or quoted else kept
        at += 1
    return "".join(letters[:kept])


# --- what may stand in a command ---


def _line(*words: str, headers: Mapping[str, str] | None = None) -> bytes:
    lines = [" ".join(words), *(f"{name}: {value}" for name, value in (headers or {}).items())]
    for line in lines:
        _sound(line, "command")
    return ("\n".join(lines) + "\n\n").encode()


def _sound(value: str, field: str) -> str:
    if _BROKEN_LINE.search(value):
        raise BadInput("line_break", "Line breaks and NUL cannot be sent to FreeSWITCH.", field=field)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadInput("not_text", "The value is not valid text.", field=field) from None
    return value


def _matching(pattern: re.Pattern[str], value: str, field: str) -> str:
    if not pattern.fullmatch(value) or _ENTERPRISE in value:
        raise BadInput("bad_argument", f"The value must match {pattern.pattern}.", field=field)
    return value


def _leg(leg: LegId) -> str:
    return _matching(_LEG, leg, "leg")
