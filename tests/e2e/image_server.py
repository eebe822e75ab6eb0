"""What images are fetched from: a server on 127.0.0.1, and a name server that says whatever a test wants."""

import contextlib
import http.server
import ipaddress
import socket
import ssl
import threading
import time

from threaded import ThreadedServer

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b4944415478da6364f8ff1f00030003000dd3b2"
    "8b0000000049454e44ae426082"
)
IMAGES = {
    "png": PNG,
    "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00 and so on",
    "gif": b"GIF89a\x01\x00\x01\x00 and so on",
    "webp": b"RIFF\x20\x00\x00\x00WEBPVP8 and so on",
}


class Server:
    """Answers `GET` by the functions in `routes`, and remembers what it was asked."""

    def __init__(self, tls=None):
        self.seen = []
        self.gone = threading.Event()
        self.meeting = threading.Barrier(2)
        self.sent = 0
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                server.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                path = self.path.strip("/").split("?")[0]
                name, _, argument = path.partition("/")
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    getattr(server, f"give_{name}")(self, argument)

            def answer(self, status, body=b"", **headers):
                self.send_response(status)
                for header, value in ({"content_length": len(body)} | headers).items():
                    self.send_header(header.replace("_", "-"), str(value))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.http = ThreadedServer(("127.0.0.1", 0), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()

    @property
    def paths(self):
        return [path for path, _ in self.seen]

    def give_image(self, request, name):
        request.answer(200, IMAGES[name], content_type="text/plain", set_cookie="a=b")

    def give_status(self, request, status):
        request.answer(int(status), b"x" * 100)

    def give_html(self, request, _):
        request.answer(200, b"<html>hello</html>", content_type="image/png")

    def give_empty(self, request, _):
        request.answer(200)

    def give_bytes(self, request, size):
        """A PNG of this size."""
        request.answer(200, PNG.ljust(int(size), b"x"))

    def give_chunked(self, request, size):
        """The same, without saying its size before."""
        self.stream(request, int(size), {"transfer-encoding": "chunked"})

    def give_endless(self, request, status):
        self.stream(request, 1 << 40, {"transfer-encoding": "chunked"}, int(status or 200))

    def stream(self, request, size, headers, status=200):
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        left = size
        piece = PNG.ljust(min(65536, size), b"x")
        try:
            while left > 0:
                piece = piece[: left if left < len(piece) else len(piece)]
                request.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.sent += len(piece)
                left -= len(piece)
            request.wfile.write(b"0\r\n\r\n")
        finally:
            if left > 0:
                self.gone.set()

    def give_together(self, request, name):
        """Not before two have asked."""
        self.meeting.wait(5)
        self.give_image(request, name)

    def give_slow(self, request, seconds):
        """Not before that time has passed; `gone` tells that nobody waited for it."""
        request.connection.settimeout(float(seconds))
        try:
            request.connection.recv(1)
        except TimeoutError:
            self.give_image(request, "png")
        except ConnectionResetError:
            self.gone.set()
        else:
            self.gone.set()

    def give_drip(self, request, seconds):
        """The head at once, then a byte now and then."""
        request.send_response(200)
        request.send_header("content-length", "1000")
        request.end_headers()
        deadline = time.monotonic() + float(seconds)
        while time.monotonic() < deadline:
            request.wfile.write(b"\x89")
            time.sleep(0.1)

    def give_stall(self, request, size):
        """So many bytes of an image, and no more until nobody waits for it."""
        request.send_response(200)
        request.send_header("content-length", str(int(size) + 1000))
        request.end_headers()
        request.wfile.write(PNG.ljust(int(size), b"x"))
        self.sent += int(size)
        request.connection.settimeout(30)
        with contextlib.suppress(OSError):
            request.connection.recv(1)

    def give_close(self, request, when):
        """Goes away: before an answer, or in the middle of it."""
        if when == "middle":
            request.send_response(200)
            request.send_header("content-length", "1000")
            request.end_headers()
            request.wfile.write(PNG)
        request.close_connection = True
        request.connection.shutdown(socket.SHUT_RDWR)

    def give_to(self, request, location):
        """Leads on to what stands behind, `to/STATUS/LOCATION`."""
        status, _, location = location.partition("/")
        query = request.path.partition("?")[2]
        request.answer(int(status), location=query or f"/{location}")

    def give_loop(self, request, _):
        request.answer(302, location="/loop")

    def give_nowhere(self, request, _):
        request.answer(302)


class Names:
    """A name server: `table` has the addresses of each name."""

    def __init__(self, table):
        self.table = table
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                query, caller = self.socket.recvfrom(4096)
                self.socket.sendto(self.answer(query), caller)

    def answer(self, query):
        labels, at = [], 12
        while length := query[at]:
            labels.append(query[at + 1 : at + 1 + length].decode())
            at += 1 + length
        question = query[12 : at + 5]
        kind = int.from_bytes(question[-4:-2], "big")
        known = self.table.get(".".join(labels).lower())
        found = [ipaddress.ip_address(address) for address in known or ()]
        found = [address for address in found if {4: 1, 6: 28}[address.version] == kind]
        no_such_name = 0 if known else 3
        head = query[:2] + bytes([0x81, 0x80 | no_such_name, 0, 1, 0, len(found), 0, 0, 0, 0])
        return head + question + b"".join(record(kind, address) for address in found)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def record(kind, address):
    """An answer for the name that was asked for, for a second."""
    return b"\xc0\x0c" + kind.to_bytes(2, "big") + b"\0\1\0\0\0\1" + len(address.packed).to_bytes(2, "big") + address.packed
