"""How many calls the simulated network carries in real time, and how punctual its frames are.

The network runs in a process of its own, so that its share of a core can be told from that of the echo client here.
The last line is one JSON object: calls, cpu_share (of one core, the network alone), frames received and their share
lost, late_ms_p99 and late_ms_max (how far the gap between two frames of a call was from 20 ms).

    python -m bench.simulator --calls 200 --seconds 20
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import selectors
import socket
import statistics
import time
from multiprocessing.connection import Connection

from core.audio import FRAME_MS, SILENCE
from telephony_esl.protocol import EslParser
from telephony_esl.simulator import Answer, Cast, Pace, Person, SimulatedNetwork, Then

CAST = Cast({}, (Person((Answer(say="да"),), after_ring_s=0.1, patience_s=3600, then=Then.REPEAT),))
RAMP_PER_S = 100


def main(argv: list[str] | None = None) -> None:
    """Measures and prints."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--calls", type=int, default=200)
    options.add_argument("--seconds", type=float, default=20)
    given = options.parse_args(argv)
    here, there = multiprocessing.Pipe()
    network = multiprocessing.get_context("spawn").Process(target=serve, args=(there,))
    network.start()
    try:
        print(json.dumps(measure(here, given.calls, given.seconds)))
    finally:
        here.send("stop")
        network.join(10)


def serve(pipe: Connection) -> None:
    """Runs the network until told to stop; answers "cpu" with its processor time in seconds."""

    async def run() -> None:
        async with SimulatedNetwork(CAST, pace=Pace.REAL_TIME) as network:
            pipe.send(network.port)
            loop, stop = asyncio.get_running_loop(), asyncio.Event()

            def told() -> None:
                if pipe.recv() == "stop":
                    stop.set()
                else:
                    pipe.send((time.process_time(), network.ticker.skipped))

            loop.add_reader(pipe.fileno(), told)
            await stop.wait()
            loop.remove_reader(pipe.fileno())

    asyncio.run(run())


def measure(pipe: Connection, calls: int, seconds: float) -> dict[str, float | int]:
    """Places the calls, answers each frame with silence, and measures for so many seconds."""
    esl = socket.create_connection(("127.0.0.1", pipe.recv()))
    esl.sendall(b"auth ClueCon\n\nevent json CHANNEL_PARK\n\n")
    selector = selectors.DefaultSelector()
    selector.register(esl, selectors.EVENT_READ)
    parser, links, asked, parked = EslParser(), [], 0, 0
    began = time.monotonic()
    last: dict[socket.socket, float] = {}
    gaps: list[float] = []
    cpu = measured_from = end = 0.0
    while not end or time.monotonic() < end:
        while asked < calls and time.monotonic() - began > asked / RAMP_PER_S:
            target = f"sofia/gateway/simulator/{79000000000 + asked}"
            esl.sendall(f"bgapi originate {{ignore_early_media=true}}{target} &park()\n\n".encode())
            asked += 1
        if not end and parked == calls:
            pipe.send("cpu")
            cpu, gaps, measured_from = pipe.recv()[0], [], time.monotonic()
            end = measured_from + seconds
        for key, _ in selector.select(0.01):
            if key.fileobj is esl:
                for message in parser.feed(esl.recv(1 << 20)):
                    if b'"CHANNEL_PARK"' in message.body:
                        links.append(_link(esl, json.loads(message.body)["Unique-ID"], selector))
                        parked += 1
            elif isinstance(key.fileobj, socket.socket):
                _echo(key.fileobj, last, gaps)
    pipe.send("cpu")
    spent, skipped = pipe.recv()
    lasted = time.monotonic() - measured_from
    for link in links:
        link.close()
    late = sorted(abs(gap * 1000 - FRAME_MS) for gap in gaps)
    return {
        "calls": calls,
        "cpu_share": round((spent - cpu) / lasted, 3),
        "frames": len(gaps),
        "frames_lost_share": round(1 - len(gaps) / (calls * lasted * 50), 4),
        "ticks_skipped": skipped,
        "late_ms_p50": round(statistics.median(late), 2),
        "late_ms_p99": round(late[int(len(late) * 0.99)], 2),
        "late_ms_max": round(late[-1], 2),
        "cores": os.cpu_count() or 0,
    }


def _link(esl: socket.socket, leg: str, selector: selectors.BaseSelector) -> socket.socket:
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.bind(("127.0.0.1", 0))
    link.setblocking(False)
    selector.register(link, selectors.EVENT_READ)
    local = "local-ip: 127.0.0.1\nlocal-port: 0"
    remote = f"remote-ip: 127.0.0.1\nremote-port: {link.getsockname()[1]}"
    esl.sendall(f"sendmsg {leg}\ncall-command: unicast\n{local}\n{remote}\ntransport: udp\n\n".encode())
    return link


def _echo(link: socket.socket, last: dict[socket.socket, float], gaps: list[float]) -> None:
    _, source = link.recvfrom(2048)
    now = time.monotonic()
    if link in last:
        gaps.append(now - last[link])
    last[link] = now
    link.sendto(SILENCE, source)


if __name__ == "__main__":
    main()
