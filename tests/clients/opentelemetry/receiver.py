# A receiver of OTLP over HTTP that says what came, a line each: just enough of the protocol's messages
# (https://github.com/open-telemetry/opentelemetry-proto, by field numbers) for the test beside it.
import struct
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


def fields(data):
    """(number, value) of a protobuf message: integers, and bytes for what has a length."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint()
        else:
            size = varint() if kind == 2 else 8 if kind == 1 else 4
            yield key >> 3, data[at:at + size]
            at += size


def all_of(data, number):
    return [v for n, v in fields(data) if n == number]


def one(data, number, default=b""):
    return next(iter(all_of(data, number)), default)


def text(value):
    # AnyValue: a text, a bool, an int, a double.
    for number, v in fields(value):
        return v.decode() if number == 1 else str(struct.unpack("<d", v)[0]) if number == 4 else str(v)
    return ""


def attributes(data, number):
    return " ".join(sorted(f"{one(a, 1).decode()}={text(one(a, 2))}" for a in all_of(data, number)))


def spans(body, names, waiting):
    for resource in all_of(body, 1):
        print("resource", attributes(one(resource, 1), 1))
        for scope in all_of(resource, 2):
            source = one(one(scope, 1), 1).decode()
            for span in all_of(scope, 2):
                name = one(span, 5).decode()
                names[one(span, 2)] = name
                state = next((v for n, v in fields(one(span, 15)) if n == 3), 0)
                waiting.append((one(span, 4), f"span {source}: {name}", f"{'error, ' if state == 2 else ''}{attributes(span, 9)}"))
    # A span is told when it ends, and so after those within it: they wait for its name.
    for parent, head, rest in list(waiting):
        if not parent or parent in names:
            waiting.remove((parent, head, rest))
            print(f"{head}, in {names[parent]}, {rest}" if parent else f"{head}, {rest}")


def metrics(body):
    for resource in all_of(body, 1):
        print("resource", attributes(one(resource, 1), 1))
        for scope in all_of(resource, 2):
            for metric in all_of(scope, 2):
                name = one(metric, 1).decode()
                for kind in (5, 7, 9):  # a gauge, a sum, a histogram
                    for data in all_of(metric, kind):
                        for point in all_of(data, 1):
                            if kind == 9:
                                print("metric", name, int.from_bytes(one(point, 4), "little"), attributes(point, 9))
                            elif all_of(point, 6):
                                print("metric", name, int.from_bytes(one(point, 6), "little", signed=True), attributes(point, 7))
                            else:
                                print("metric", name, struct.unpack("<d", one(point, 4, bytes(8)))[0], attributes(point, 7))


class Receiver(BaseHTTPRequestHandler):
    names = {}
    waiting = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/traces":
            spans(body, self.names, self.waiting)
        elif self.path == "/v1/metrics":
            metrics(body)
        sys.stdout.flush()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()


server = HTTPServer(("127.0.0.1", 0), Receiver)
print(f"port {server.server_port}", flush=True)
server.serve_forever()
