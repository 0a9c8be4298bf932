# The service of test/upstream/interop-suite.ts on grpcio, in raw bytes. Prints its port; ends when its input does.
import argparse
import sys
import threading
import time
from concurrent import futures

import grpc

cancelled = 0
lock = threading.Lock()


def metadata_of(context, *names):
    return [(key, value) for key, value in context.invocation_metadata() if key in names]


def compress(context):
    wanted = {"gzip": grpc.Compression.Gzip, "deflate": grpc.Compression.Deflate}
    for _, value in metadata_of(context, "x-compress"):
        context.set_compression(wanted[value])


def echo(message, context):
    compress(context)
    back = metadata_of(context, "x-echo", "x-raw-bin")
    context.send_initial_metadata(back)
    context.set_trailing_metadata(back)
    return message


def fail(message, context):
    code, _, text = message.decode().partition(" ")
    context.set_trailing_metadata([("x-why", "because")])
    context.abort(next(c for c in grpc.StatusCode if c.value[0] == int(code)), text)


def watch(message, context):
    compress(context)
    count, size, code = (int(part) for part in message.decode().split())
    for i in range(count):
        yield bytes([i % 256]) + bytes(size - 1) if size > 0 else b""
    context.set_trailing_metadata([("x-count", str(count))])
    if code != 0:
        context.abort(next(c for c in grpc.StatusCode if c.value[0] == code), "enough")


def total(messages, context):
    count = size = 0
    for message in messages:
        count += 1
        size += len(message)
    return f"{count} {size}".encode()


def chat(messages, context):
    yield from messages


def hang(messages, context):
    gone = threading.Event()

    def ended():
        global cancelled
        with lock:
            cancelled += 1
        gone.set()

    context.add_callback(ended)
    context.send_initial_metadata([("x-early", "1")])
    gone.wait()
    yield from ()


def count_cancelled(message, context):
    return str(cancelled).encode()


def left(message, context):
    remaining = context.time_remaining()
    return b"none" if remaining is None or remaining > 1e9 else str(int(remaining * 1000)).encode()


def big(message, context):
    return bytes(int(message))


handlers = {
    "/t.S/Echo": grpc.unary_unary_rpc_method_handler(echo),
    "/t.S/Fail": grpc.unary_unary_rpc_method_handler(fail),
    "/t.S/Watch": grpc.unary_stream_rpc_method_handler(watch),
    "/t.S/Sum": grpc.stream_unary_rpc_method_handler(total),
    "/t.S/Chat": grpc.stream_stream_rpc_method_handler(chat),
    "/t.S/Hang": grpc.stream_stream_rpc_method_handler(hang),
    "/t.S/Cancelled": grpc.unary_unary_rpc_method_handler(count_cancelled),
    "/t.S/Left": grpc.unary_unary_rpc_method_handler(left),
    "/t.S/Big": grpc.unary_unary_rpc_method_handler(big),
}


class Service(grpc.GenericRpcHandler):
    def service(self, details):
        return handlers.get(details.method)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-cert", default="")
    parser.add_argument("-key", default="")
    parser.add_argument("-streams", type=int, default=0)
    parser.add_argument("-age", default="")
    arguments = parser.parse_args()
    options = [("grpc.max_receive_message_length", 64 << 20)]
    if arguments.streams > 0:
        options.append(("grpc.max_concurrent_streams", arguments.streams))
    if arguments.age != "":
        options.append(("grpc.max_connection_age_ms", int(arguments.age.removesuffix("ms"))))
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=64), options=options)
    server.add_generic_rpc_handlers((Service(),))
    if arguments.cert == "":
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        with open(arguments.key, "rb") as key, open(arguments.cert, "rb") as cert:
            secure = grpc.ssl_server_credentials([(key.read(), cert.read())])
        port = server.add_secure_port("127.0.0.1:0", secure)
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(0)


main()
