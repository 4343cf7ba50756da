from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from core.errors import BadInput
from core.legs import DialOrder, LegId
from telephony_esl import commands
from telephony_esl.commands import ParsedOriginate, channel_variables, escape, parse_originate

U = LegId("5b3f6a52-7f8b-4d0b-9c3e-1f2d3c4b5a69")
V = LegId("c0ffee00-0000-4000-8000-000000000000")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
nasty = st.text(st.sampled_from(list("\\,'\" =|[]<>^:_;&$%snrtabЖ\t")), max_size=30)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True)


def order(**changes: object) -> DialOrder:
    fields: dict[str, object] = {"leg": U, "trunk": "main", "destination": "+79001234567"}
    return DialOrder(**{**fields, **changes})  # type: ignore[arg-type]


def originate(**changes: object) -> bytes:
    return commands.originate(order(**changes), gateway="sofia/gateway/simulator")


def parsed(wire: bytes) -> ParsedOriginate:
    return parse_originate(wire.decode().partition("\n")[0])


# --- variables ---


def carried(variables: dict[str, str]) -> ParsedOriginate | None:
    """What FreeSWITCH would make of the variables; None where they are refused."""
    try:
        block = channel_variables(variables)
    except BadInput:
        return None
    return parse_originate(f"bgapi originate {block}sofia/gateway/x/1 &park()")


@given(st.dictionaries(names, st.one_of(texts, nasty), min_size=1, max_size=5))
@example({"a": "Иван\"; DROP|, O'Neil\\"})
@example({"a": "\\,x=INJ", "b": "'"})
@example({"a": " both ends "})
@example({"a": "\\s\\n"})
@example({"a": "^^:x=1:y=2"})
@example({"a": "\\\\\\", "b": "''"})
def test_a_variable_keeps_its_text_and_sets_nothing_else(variables: dict[str, str]) -> None:
    got = carried(variables)
    assume(got is not None)
    assert got == ParsedOriginate(variables, "sofia/gateway/x/1", "&park()")


@given(st.one_of(texts, nasty))
def test_a_value_is_refused_for_a_known_reason_only(value: str) -> None:
    unsafe = not value or any(mark in value for mark in ("\r", "\n", "\0", "{", "}", ":_:"))
    assert (carried({"a": value}) is None) == unsafe


@pytest.mark.parametrize(
    "value", ["", "a\nb", "a\rb", "a\0b", "a{b", "a}b", "a}sofia/x", "${system(id)}", "x:_:y", "\ud800"]
)
def test_what_cannot_be_made_safe_is_refused(value: str) -> None:
    with pytest.raises(BadInput):
        escape(value)


def test_common_values_look_as_freeswitch_users_write_them() -> None:
    assert channel_variables({"a": "PCMA,PCMU", "b": "one two"}) == r"{a=PCMA\,PCMU,b=one\stwo}"
    assert channel_variables({}) == ""


@pytest.mark.parametrize("name", ["", "1a", "a b", "a=b", "a,b", "a}b", "имя", "a\nb", "a" * 65])
def test_a_variables_name_is_a_plain_word(name: str) -> None:
    with pytest.raises(BadInput):
        channel_variables({name: "x"})


# --- parsing as FreeSWITCH does (measured) ---


@pytest.mark.parametrize(
    ("block", "variables"),
    [
        ("{v=a,x=INJ}", {"v": "a", "x": "INJ"}),
        ("{v='a,x=INJ'}", {"v": "a", "x": "INJ"}),
        (r"{v=a\,x=INJ}", {"v": "a,x=INJ"}),
        (r"{v=a\sb}", {"v": "a b"}),
        (r"{v=a\nb}", {"v": "a\nb"}),
        ("{v=a|[<=b}", {"v": "a|[<=b"}),
        ("{v=%0A}", {"v": "%0A"}),
        ("{v='a b'}", {"v": "a b"}),
        ("{v=}", {}),
        ("{v}", {}),
    ],
)
def test_parsing_does_what_freeswitch_does(block: str, variables: dict[str, str]) -> None:
    got = parse_originate(f"bgapi originate {block}sofia/x/1 &park()")
    assert got == ParsedOriginate(variables, "sofia/x/1", "&park()")


def test_a_brace_in_a_value_ends_the_block() -> None:
    got = parse_originate("originate {v=a}sofia/evil/1,x=b}sofia/x/1 &park()")
    assert got.dial_string == "sofia/evil/1,x=b}sofia/x/1"


@pytest.mark.parametrize("line", ["", "originate", "originate x", "originate {a=b x &park()", "bgapi status x y"])
def test_what_freeswitch_answers_with_usage_is_refused(line: str) -> None:
    with pytest.raises(BadInput):
        parse_originate(line)


@given(st.text(max_size=80))
def test_parsing_any_text_ends_in_a_result_or_bad_input(text: str) -> None:
    try:
        parse_originate("originate " + text)
    except BadInput:
        return


# --- originate ---


def test_an_originate_carries_all_that_keeps_a_leg_safe() -> None:
    wire = originate(labels={"zvonar_attempt": "42"}, caller_number="+74950000000")
    assert wire.endswith(b" &park()\nJob-UUID: " + U.encode() + b"\n\n")
    got = parsed(wire)
    assert (got.dial_string, got.application) == ("sofia/gateway/simulator/+79001234567", "&park()")
    assert got.variables == {
        "origination_uuid": U,
        "originate_timeout": "31",
        "ignore_early_media": "true",
        "outbound_redirect_fatal": "true",
        "absolute_codec_string": "PCMA,PCMU",
        "execute_on_answer": "sched_hangup +1800 ALLOTTED_TIMEOUT",
        "media_timeout": "60000",
        "park_after_bridge": "true",
        "origination_caller_id_number": "+74950000000",
        "origination_caller_id_name": "+74950000000",
        "zvonar_attempt": "42",
    }


def test_the_ring_timeout_is_never_shorter_than_ordered() -> None:
    for ordered, sent in ((0.1, 2), (1, 2), (20, 21), (20.5, 22)):
        got = parsed(originate(ring_timeout=timedelta(seconds=ordered)))
        assert got.variables["originate_timeout"] == str(sent)


def test_a_trunks_prefix_stands_before_the_number() -> None:
    wire = commands.originate(order(destination="79001234567"), gateway="sofia/gateway/x", prefix="810#")
    assert parsed(wire).dial_string == "sofia/gateway/x/810#79001234567"


@pytest.mark.parametrize(
    "destination",
    [
        "",
        "+",
        "7900 1234567",
        "7900,sofia/x/1",
        "7900|x",
        "a:_:b",
        "1@evil",
        "1;fs_path=x",
        "1&park()",
        "1\n",
        "１２３",
        "1" * 21,
        "++7",
    ],
)
def test_a_destination_is_a_number_and_nothing_else(destination: str) -> None:
    with pytest.raises(BadInput) as caught:
        originate(destination=destination)
    assert caught.value.field == "destination"


@given(st.one_of(texts, nasty))
def test_labels_hold_whitelisted_values_only(value: str) -> None:
    try:
        wire = originate(labels={"label": value})
    except BadInput:
        return
    assert set(value) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-")
    assert parsed(wire).variables["label"] == value
    assert wire.count(b"\n") == 3


@pytest.mark.parametrize("name", ["origination_uuid", "execute_on_answer", "a b", "a}b", ""])
def test_a_label_cannot_replace_a_variable_of_the_switch(name: str) -> None:
    with pytest.raises(BadInput):
        originate(labels={name: "x"})


def test_a_label_that_would_cut_the_originate_in_two_is_refused() -> None:
    with pytest.raises(BadInput):
        originate(labels={"a": "x:_:y"})


# --- every command, and what may not stand in it ---

COMMANDS: list[tuple[bytes, bytes]] = [
    (commands.auth("ClueCon"), b"auth ClueCon\n\n"),
    (commands.subscribe(("CHANNEL_ANSWER", "DTMF")), b"event json CHANNEL_ANSWER DTMF\n\n"),
    (commands.version(), b"api version\n\n"),
    (commands.show_channels(), b"api show channels as json\n\n"),
    (commands.exists(U), b"api uuid_exists %s\n\n" % U.encode()),
    (commands.kill(U), b"api uuid_kill %s NORMAL_CLEARING\n\n" % U.encode()),
    (commands.kill(U, "ORIGINATOR_CANCEL"), b"api uuid_kill %s ORIGINATOR_CANCEL\n\n" % U.encode()),
    (
        commands.transfer(U, "park"),
        b"sendmsg %s\ncall-command: execute\nexecute-app-name: transfer\nexecute-app-arg: park XML default\n\n"
        % U.encode(),
    ),
    (
        commands.transfer(U, "hold"),
        b"sendmsg %s\ncall-command: execute\nexecute-app-name: transfer\nexecute-app-arg: hold XML default\n\n"
        % U.encode(),
    ),
    (commands.bridge(U, V), b"api uuid_bridge %s %s\n\n" % (U.encode(), V.encode())),
    (commands.end_after(U, timedelta(seconds=1.5)), b"api sched_hangup +2 %s ALLOTTED_TIMEOUT\n\n" % U.encode()),
    (commands.hang_up(U), b"sendmsg %s\ncall-command: hangup\nhangup-cause: NORMAL_CLEARING\n\n" % U.encode()),
    (commands.leave(), b"exit\n\n"),
    (
        commands.unicast(U, switch_host="127.0.0.1", our_host="127.0.0.2", our_port=4321),
        b"sendmsg %s\ncall-command: unicast\nlocal-ip: 127.0.0.1\nlocal-port: 0\nremote-ip: 127.0.0.2\n"
        b"remote-port: 4321\ntransport: udp\n\n" % U.encode(),
    ),
]


@pytest.mark.parametrize(("wire", "expected"), COMMANDS, ids=lambda value: value.split(b"\n")[0].decode()[:30])
def test_a_command_on_the_wire(wire: bytes, expected: bytes) -> None:
    assert wire == expected


TAKES_TEXT: list[Callable[[str], bytes]] = [
    commands.auth,
    lambda text: commands.subscribe((text,)),
    lambda text: commands.exists(LegId(text)),
    lambda text: commands.kill(LegId(text)),
    lambda text: commands.kill(U, text),
    lambda text: commands.transfer(LegId(text), "park"),
    lambda text: commands.bridge(U, LegId(text)),
    lambda text: commands.end_after(U, timedelta(seconds=1), text),
    lambda text: commands.hang_up(U, text),
    lambda text: commands.unicast(U, switch_host=text, our_host="127.0.0.1", our_port=1),
    lambda text: commands.unicast(U, switch_host="127.0.0.1", our_host=text, our_port=1),
    lambda text: originate(leg=LegId(text)),
    lambda text: originate(caller_number=text),
    lambda text: commands.originate(order(), gateway=text),
    lambda text: commands.originate(order(), gateway="sofia/gateway/x", prefix=text),
]


@pytest.mark.parametrize("make", TAKES_TEXT)
@pytest.mark.parametrize("breaker", ["\n", "\r", "\0", "\n\napi system id"])
def test_no_argument_takes_a_line_break(make: Callable[[str], bytes], breaker: str) -> None:
    for text in (breaker, "A" + breaker, "A" + breaker + "A"):
        with pytest.raises(BadInput):
            make(text)


@pytest.mark.parametrize("make", TAKES_TEXT[1:])
def test_no_argument_but_the_password_takes_free_text(make: Callable[[str], bytes]) -> None:
    for text in ("a b", "${system(id)}", "a'b", "a,b", "жук"):
        with pytest.raises(BadInput):
            make(text)


def test_R3_7_the_call_label_goes_out_in_the_header_that_the_trunk_names() -> None:
    labelled = order(call_label="Банк «Ромашка», отдел 7")
    wire = commands.originate(labelled, gateway="sofia/gateway/provider", label_header="X-Call-Label")
    assert parsed(wire).variables["sip_h_X-Call-Label"] == "Банк «Ромашка», отдел 7"
    for header, ordered in ((None, labelled), ("X-Call-Label", order())):
        plain = commands.originate(ordered, gateway="sofia/gateway/provider", label_header=header)
        assert not [name for name in parsed(plain).variables if name.startswith("sip_h_")]


@pytest.mark.parametrize("header", ["", "X Label", "X-Label:", "X-Label\n", "1-Label", "X,a=b", "X" * 62])
def test_R3_7_a_header_that_is_none_is_refused(header: str) -> None:
    with pytest.raises(BadInput) as error:
        commands.originate(order(call_label="a"), gateway="sofia/gateway/provider", label_header=header)
    assert error.value.field == "label_header"
