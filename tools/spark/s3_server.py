"""A local S3 in memory (moto), which fails when it is told to.

    python3 tools/spark/s3_server.py PORT          needs: pip install "moto[server]"

Listens on 127.0.0.1 alone, until it is stopped. Any access key will do.
    curl -X PUT  http://127.0.0.1:PORT/models                       makes a bucket
    curl -T FILE http://127.0.0.1:PORT/models/base/config.json      puts an object
    curl -X POST "http://127.0.0.1:PORT/-fail?method=PUT&after=5&times=3"
        the next 5 requests of that method succeed, then 3 are answered with 503 (times=-1: all)
    curl -X POST http://127.0.0.1:PORT/-fail                        ends the faults, says how many there were
"""

import sys
import threading
from urllib.parse import parse_qs

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


class Faults:
    """Passes requests on, or answers that the store is busy."""

    def __init__(self, app):
        self.app = app
        self.lock = threading.Lock()
        self.method, self.after, self.times, self.made = "", 0, 0, 0

    def tell(self, query):
        with self.lock:
            made = self.made
            self.method = query.get("method", [""])[0]
            self.after = int(query.get("after", ["0"])[0])
            self.times = int(query.get("times", ["0"])[0])
            self.made = 0
        return made

    def fails(self, method):
        with self.lock:
            if method != self.method:
                return False
            if self.after > 0:
                self.after -= 1
                return False
            if self.times == 0:
                return False
            self.times -= 1
            self.made += 1
            return True

    def __call__(self, environ, start):
        method = environ["REQUEST_METHOD"]
        if environ["PATH_INFO"] == "/-fail":
            made = self.tell(parse_qs(environ["QUERY_STRING"]))
            start("200 OK", [("Content-Type", "text/plain")])
            return [b"%d\n" % made]
        if self.fails(method):
            length = int(environ.get("CONTENT_LENGTH") or 0)
            environ["wsgi.input"].read(length)
            start("503 Slow Down", [("Content-Type", "application/xml")])
            return [b"<Error><Code>SlowDown</Code><Message>please reduce your rate</Message></Error>"]
        return self.app(environ, start)


class Handler(WSGIRequestHandler):
    """Of the two parts of the server that answer 'Expect: 100-continue', one is enough: clients take a second for the end."""

    protocol_version = "HTTP/1.1"

    def handle_expect_100(self):
        return True

    def log(self, *args):
        pass


if __name__ == "__main__":
    app = Faults(DomainDispatcherApplication(create_backend_app))
    make_server("127.0.0.1", int(sys.argv[1]), app, threaded=True, request_handler=Handler).serve_forever()
