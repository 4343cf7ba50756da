"""A file server on this machine that misbehaves as it is told: cuts, stalls, refuses, has no ranges, swaps files."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """What it serves and how; `asked` are the requests that came, with their Range."""

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    misplaces: bool = False
    status: int | None = None
    cuts: list[int] = field(default_factory=list)
    stalls: threading.Event | None = None
    tags: bool = True
    etags: list[str] = field(default_factory=list)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    address: str = ""

    def url(self, path: str) -> str:
        return f"{self.address}/{path}"

    def tag(self, body: bytes) -> str:
        return self.etags.pop(0) if self.etags else f'"{hashlib.sha256(body).hexdigest()[:16]}"'


@contextmanager
def serving(server: FileServer) -> Iterator[FileServer]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            server.asked.append((self.path, wanted))
            body = server.files.get(self.path.lstrip("/"))
            if server.status is not None or body is None:
                self.send_error(server.status or 404)
                return
            self._send(body, wanted)

        def _send(self, body: bytes, wanted: str | None) -> None:
            tag, begin = server.tag(body), 0
            if wanted and server.ranges and self.headers.get("If-Range", tag) == tag:
                begin = int(wanted.removeprefix("bytes=").rstrip("-"))
                if begin >= len(body):
                    self.send_error(416)
                    return
                begin = 0 if server.misplaces else begin
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
            else:
                self.send_response(200)
            if server.tags:
                self.send_header("ETag", tag)
            self.send_header("Content-Length", str(len(body) - begin))
            self.end_headers()
            piece = body[begin:]
            if server.cuts:
                self.wfile.write(piece[: server.cuts.pop(0)])
                self.close_connection = True
                return
            if server.stalls is not None:
                self.wfile.write(piece[: len(piece) // 2])
                self.wfile.flush()
                server.stalls.wait(10)
                return
            self.wfile.write(piece)

        def log_message(self, format: str, *args: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    httpd.daemon_threads = True
    server.address = f"http://127.0.0.1:{httpd.server_address[1]}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        if server.stalls is not None:
            server.stalls.set()
        httpd.shutdown()
        thread.join()
        httpd.server_close()
