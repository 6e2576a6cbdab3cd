"""A web server for tests of downloads: serves a folder, in parts too, and can hang up in the middle."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Web:
    """What is asked for and answered; `cuts` are the numbers of bytes after which the next answers end."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.url = folder, ""
        self.asked: list[str] = []
        self.ranges: list[str | None] = []
        self.cuts: list[int] = []
        self.in_parts, self.version = True, '"1"'


@contextmanager
def serving(folder: Path) -> Iterator[Web]:
    web = Web(folder)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_GET(self):
            asked = self.headers.get("Range")
            web.asked.append(self.path)
            web.ranges.append(asked)
            path = web.folder / self.path.lstrip("/")
            if not path.is_file():
                self.send_error(404)
                return
            content, start, status = path.read_bytes(), 0, 200
            if asked and web.in_parts and self.headers.get("If-Range", web.version) == web.version:
                start, status = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]), 206
                if start >= len(content):
                    self.send_error(416)
                    return
            self.send_response(status)
            self.send_header("Content-Length", str(len(content) - start))
            self.send_header("ETag", web.version)
            if status == 206:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.end_headers()
            part = content[start:]
            self.wfile.write(part[:web.cuts.pop(0)] if web.cuts else part)

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True).start()
    web.url = f"http://127.0.0.1:{httpd.server_port}/"
    try:
        yield web
    finally:
        httpd.shutdown()
        httpd.server_close()
