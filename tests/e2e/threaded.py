"""An HTTP server, a thread for each connection, for the tests."""

import http.server
import sys


class ThreadedServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *whose):
        # An Envoy that ends resets the connections that it has kept.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(*whose)
