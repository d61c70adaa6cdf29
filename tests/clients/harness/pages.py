"""A web server for pages, and for the packages that they load."""

import functools
import http.server
import threading
from contextlib import contextmanager


class Pages(http.server.SimpleHTTPRequestHandler):
    """A folder of pages, and packages under `/node_modules`."""

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript", ".js": "text/javascript"}

    def __init__(self, folder, modules, *arguments):
        self.modules = modules
        super().__init__(*arguments, directory=str(folder))

    def translate_path(self, path):
        path = path.split("?")[0]
        within = path.removeprefix("/node_modules/")
        return str(self.modules / within) if within != path else super().translate_path(path)

    def log_message(self, *_):
        pass


@contextmanager
def serve(folder, modules):
    """Serves them, and gives the origin."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Pages, folder, modules))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
