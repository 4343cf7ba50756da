"""How many FreeSWITCH events per second are cut, decoded and turned into a leg's events, on one core.

The stream is what a call's life sends: events of 14, 100 and 220 fields, in segments of 64 KiB as a socket gives them.
"""

from __future__ import annotations

import argparse
import json
import sys
from itertools import cycle, islice
from time import perf_counter

from core.legs import LegId
from telephony_esl import legs
from telephony_esl.legs import LegState
from telephony_esl.protocol import EVENT_JSON, EslParser, decode_event, encode_event

SEGMENT_BYTES = 64 * 1024
SIZES = {"small": 14, "answer": 100, "hangup": 220}
LIFE = ("CHANNEL_CREATE", "CHANNEL_PROGRESS", "CHANNEL_ANSWER", "CHANNEL_PARK", "DTMF", "CHANNEL_HANGUP_COMPLETE")


def stream(events: int, fields: int) -> bytes:
    """So many events of many calls, each with so many fields; one in ten carries a body."""
    frames = []
    for at, name in enumerate(islice(cycle(LIFE), events)):
        leg = f"{at // len(LIFE):08x}-0000-4000-8000-000000000000"
        event = {"Event-Name": name, "Unique-ID": leg, "DTMF-Digit": "5", "Hangup-Cause": "NORMAL_CLEARING"}
        event |= {f"variable_sip_field_{at}": f"значение {at}; value" for at in range(fields - len(event))}
        frames.append(encode_event(event, "+OK\n" if at % 10 == 0 else ""))
    return b"".join(frames)


def measure(data: bytes) -> tuple[int, int, float]:
    """Reads the stream to its end: events read, events told of legs, seconds taken."""
    parser, states, read, told = EslParser(), dict[LegId, LegState](), 0, 0
    begun = perf_counter()
    for at in range(0, len(data), SEGMENT_BYTES):
        for message in parser.feed(data[at : at + SEGMENT_BYTES]):
            if message.content_type != EVENT_JSON:
                continue
            event = decode_event(message.body)
            read += 1
            for leg in legs.legs_of(event):
                state, events = legs.on_event(states.get(leg) or LegState(leg), event)
                told += len(events)
                if state.over:
                    states.pop(leg, None)
                else:
                    states[leg] = state
    return read, told, perf_counter() - begun


def main(argv: list[str] | None = None) -> None:
    """Prints a line for each size of event, and one JSON object at the end."""
    options = argparse.ArgumentParser(prog="zvonar bench esl", description=__doc__)
    options.add_argument("--events", type=int, default=30_000, help="events of each size (default: %(default)s)")
    options.add_argument("--repeat", type=int, default=3, help="the best of so many runs counts (default: %(default)s)")
    asked = options.parse_args(sys.argv[1:] if argv is None else argv)
    rates: dict[str, int] = {}
    for name, fields in SIZES.items():
        data = stream(asked.events, fields)
        runs = [measure(data) for _ in range(max(1, asked.repeat))]
        read, told, seconds = min(runs, key=lambda run: run[2])
        if (read, told) != (asked.events, asked.events - -(-asked.events // len(LIFE))):
            raise SystemExit(f"{name}: {read} events read and {told} told of {asked.events}: the parser lost some")
        rates[name] = round(read / seconds)
        size = len(data) / asked.events
        megabytes = len(data) / seconds / 1e6
        print(f"{name:8} {fields:4} fields {size:7.0f} bytes {rates[name]:9,} events/s {megabytes:6.0f} MB/s")
    print(json.dumps({"bench": "esl", "events": asked.events, "events_per_s": rates}))


if __name__ == "__main__":
    main()
