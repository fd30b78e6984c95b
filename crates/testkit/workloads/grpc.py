"""gRPC: the server and the client of grpcio, without generated code: messages are bytes."""

from workload import Surprise, Workload, main

import sys
import threading
from concurrent import futures
from pathlib import Path

import grpc

SERVICE = "shop.Orders"
CODES = {code.value[0]: code for code in grpc.StatusCode}
# Those that a server is to blame for: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS.
OF_SERVER = {2, 4, 12, 13, 14, 15}


def status_of(code: int) -> str:
    return "ok" if code == 0 else f"{'server' if code in OF_SERVER else 'client'}_error {code}"


def serve(port: int) -> None:
    """The server: a method for each kind of call."""

    def fail(request: bytes, context: grpc.ServicerContext) -> bytes:
        context.abort(CODES[int(request)], "hunter2-in-a-message")

    def refuse(request: bytes, context: grpc.ServicerContext):
        yield b"one"
        context.abort(CODES[int(request)], "hunter2-in-a-message")

    def wait(request: bytes, context: grpc.ServicerContext) -> bytes:
        gone = threading.Event()
        context.add_callback(gone.set)
        gone.wait(20)
        return b""

    handlers = {
        "Place": grpc.unary_unary_rpc_method_handler(lambda request, _: request),
        "Fail": grpc.unary_unary_rpc_method_handler(fail),
        "Wait": grpc.unary_unary_rpc_method_handler(wait),
        "Watch": grpc.unary_stream_rpc_method_handler(lambda request, _: iter([b"event"] * int(request))),
        "Refuse": grpc.unary_stream_rpc_method_handler(refuse),
        "Upload": grpc.stream_unary_rpc_method_handler(lambda requests, _: str(len(list(requests))).encode()),
        "Chat": grpc.stream_stream_rpc_method_handler(lambda requests, _: requests),
    }
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=120))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


def connect(work: Workload) -> grpc.Channel:
    """Starts a server, and a channel to it: one connection, in whose fields is a secret."""
    port = work.port()
    work.start([Path(sys.executable), Path(__file__).resolve(), "serve", port], port)
    return grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.enable_retries", 0)])


def metadata(work: Workload) -> list[tuple[str, str]]:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    return [("authorization", f"Bearer {work.secret('hunter2-bearer')}"), ("traceparent", trace)]


def name(method: str) -> str:
    return f"{SERVICE}/{method}"


def path(method: str) -> str:
    return f"/{name(method)}"


def unary(work: Workload) -> None:
    """Calls one after the other, small ones and one that takes several frames."""
    with connect(work) as channel:
        place = channel.unary_unary(path("Place"))
        for size in [0, 10, 100, 40_000, 10]:
            if len(place(work.secret("hunter2-order").encode() + b"o" * size, metadata=metadata(work), timeout=10)) < size:
                raise Surprise("the answer is too short")
            work.count(name("Place"), status_of(0))


def streams(work: Workload) -> None:
    """Calls of many messages: from the server, from the client, and both ways."""
    with connect(work) as channel:
        for count in [0, 1, 50]:
            if len(list(channel.unary_stream(path("Watch"))(str(count).encode(), timeout=10))) != count:
                raise Surprise("events were lost")
            work.count(name("Watch"), status_of(0))
        for count in [0, 1, 50]:
            if channel.stream_unary(path("Upload"))(iter([b"part"] * count), timeout=10) != str(count).encode():
                raise Surprise("parts were lost")
            work.count(name("Upload"), status_of(0))
        for count in [1, 20]:
            if list(channel.stream_stream(path("Chat"))(iter([b"word"] * count), timeout=10)) != [b"word"] * count:
                raise Surprise("words were lost")
            work.count(name("Chat"), status_of(0))


def told(call) -> int:
    """The status that a call which fails ends with."""
    try:
        call()
    except grpc.RpcError as error:
        return error.code().value[0]
    raise Surprise("it did not fail")


def errors(work: Workload) -> None:
    """Every status, as trailers-only and behind a message, and a method that does not exist."""
    work.secret("hunter2-in-a-message")
    with connect(work) as channel:
        for code in range(1, 17):
            request = str(code).encode()
            for method, call in [
                ("Fail", lambda: channel.unary_unary(path("Fail"))(request, timeout=10)),
                ("Refuse", lambda: list(channel.unary_stream(path("Refuse"))(request, timeout=10))),
            ]:
                if told(call) != code:
                    raise Surprise(f"{method} with {code}")
                work.count(name(method), status_of(code))
        if told(lambda: channel.unary_unary(path("Missing"))(b"", timeout=10)) != 12:
            raise Surprise("there is no such method")
        work.count(name("Missing"), status_of(12))


def cancelled(work: Workload) -> None:
    """Calls that the client gives up."""
    with connect(work) as channel:
        channel.unary_unary(path("Place"))(b"", timeout=10)
        work.count(name("Place"), status_of(0))
        for _ in range(3):
            # The first event of a stream says that the call is there.
            call = channel.stream_stream(path("Chat"))(iter_until_gone())
            next(call)
            call.cancel()
            work.count(name("Chat"), status_of(1))


def iter_until_gone():
    """A first message, and then none."""
    yield b"word"
    threading.Event().wait(2)


def deadline(work: Workload) -> None:
    """Calls that take too long: the server says so, or the client calls them off before it does."""
    with connect(work) as channel:
        for _ in range(3):
            if told(lambda: channel.unary_unary(path("Wait"))(b"", timeout=0.3)) != 4:
                raise Surprise("it was in time")
            work.count(name("Wait"), status_of(4))


def concurrent(calls: int):
    """As many calls at once, over one connection."""

    def scenario(work: Workload) -> None:
        with connect(work) as channel:
            place = channel.unary_unary(path("Place"))
            for _ in range(3):
                waiting = [place.future(b"order", metadata=metadata(work), timeout=20) for _ in range(calls)]
                for call in waiting:
                    call.result()
                work.count(name("Place"), status_of(0), calls)

    return scenario


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(int(sys.argv[2]))
    else:
        main(
            {
                "unary": unary,
                "streams": streams,
                "errors": errors,
                "cancelled": cancelled,
                "deadline": deadline,
                "concurrent_1": concurrent(1),
                "concurrent_2": concurrent(2),
                "concurrent_10": concurrent(10),
                "concurrent_100": concurrent(100),
            }
        )
