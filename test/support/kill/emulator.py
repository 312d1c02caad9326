"""moto's server, which can copy itself: a copy is a process of its own that starts with everything that was in the
original, and what happens in one never shows in the other. Takes milliseconds, where making an environment takes seconds.

POST /emulator/copies         -> {"pid": …, "port": …}
DELETE /emulator/copies/<pid>
GET /emulator/state           -> everything that is in it, see emulator_state.py

Prints its port when it listens. Ends when its standard input does; copies end with what they were copied from.
"""

import json
import os
import signal
import socket
import sys
import threading

from emulator_state import state
from moto.moto_server import werkzeug_app
from werkzeug.serving import make_server

moto = werkzeug_app.DomainDispatcherApplication(werkzeug_app.create_backend_app)
# Newer versions have one of their own.
handler = getattr(werkzeug_app, "MotoRequestHandler", None)
# Write ends of the pipes that the copies of this process live by.
copies: dict[int, int] = {}


def listen() -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    return listener


def serve(listener: socket.socket, life: int) -> None:
    def end_with_it() -> None:
        os.read(life, 1)
        os._exit(0)

    threading.Thread(target=end_with_it, daemon=True).start()
    port = listener.getsockname()[1]
    make_server(
        "127.0.0.1",
        port,
        application,
        threaded=True,
        request_handler=handler,
        fd=listener.fileno(),
    ).serve_forever()


def copy(connection: socket.socket | None) -> dict[str, int]:
    listener = listen()
    port = listener.getsockname()[1]
    life, held = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            # What the original listens and answers on is not this process's.
            for inherited in [held, *copies.values()]:
                os.close(inherited)
            copies.clear()
            if connection is not None:
                connection.close()
            os.closerange(0, 1)
            own.close()
            globals()["own"] = listener
            serve(listener, life)
        finally:
            os._exit(1)
    listener.close()
    os.close(life)
    copies[pid] = held
    return {"pid": pid, "port": port}


def end(pid: int) -> dict[str, int]:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(copies.pop(pid))
    return {"pid": pid}


def application(environ, start_response):
    path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
    if not path.startswith("/emulator/"):
        return moto(environ, start_response)
    if path == "/emulator/state":
        answer = state()
    elif method == "POST":
        answer = copy(environ.get("werkzeug.socket"))
    else:
        answer = end(int(path.rsplit("/", 1)[1]))
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]


if __name__ == "__main__":
    own = listen()
    # At once: whoever started it reads no further.
    os.write(1, f"{own.getsockname()[1]}\n".encode())
    serve(own, sys.stdin.fileno())
