"""Writes field blocks, made by the PyPI package hpack 4.2.0, and what its decoder makes of them.

python generate.py > blocks.txt

    encoder NAME      a new connection
    > HEX             a field block
    :path /orders     a field that matters, in the order of the block
    -                 one that does not
    = BYTES ENTRIES   the size of the dynamic table behind the block
"""

import random

from hpack import Decoder, Encoder, HeaderTuple, NeverIndexedHeaderTuple

MATTER = {":method", ":scheme", ":authority", ":path", ":protocol", ":status", "host", "content-type", "grpc-status", "traceparent"}


def request(rng):
    fields = [
        HeaderTuple(":method", rng.choice(["GET", "POST", "PUT", "PROPFIND"])),
        HeaderTuple(":scheme", rng.choice(["http", "https"])),
        HeaderTuple(":path", rng.choice(["/", "/index.html", "/shop.Orders/Place", f"/orders/{rng.randrange(40)}"])),
        HeaderTuple(":authority", rng.choice(["shop.example", "shop.example:8080", "[2001:db8::1]:50051"])),
    ]
    others = [
        HeaderTuple("content-type", rng.choice(["application/grpc", "text/html", "application/grpc+proto"])),
        HeaderTuple("te", "trailers"),
        HeaderTuple("user-agent", "grpc-python/1.85.1 grpc-c/54.0.0 (linux; chttp2)"),
        NeverIndexedHeaderTuple("authorization", f"Bearer secret-{rng.randrange(1000)}"),
        HeaderTuple("cookie", "secret-" + "".join(chr(rng.randrange(33, 127)) for _ in range(rng.randrange(80)))),
        HeaderTuple("traceparent", f"00-{rng.getrandbits(128):032x}-{rng.getrandbits(64):016x}-01"),
        HeaderTuple("x-" + "long-" * rng.randrange(30) + "name", "v" * rng.randrange(300)),
        HeaderTuple("x-bytes", "".join(chr(rng.randrange(32, 256)) for _ in range(rng.randrange(20)))),
    ]
    return fields + rng.sample(others, rng.randrange(len(others) + 1))


def response(rng):
    fields = [HeaderTuple(":status", str(rng.choice([200, 200, 204, 301, 404, 500, 503])))]
    others = [
        HeaderTuple("content-type", rng.choice(["application/grpc", "text/html"])),
        HeaderTuple("grpc-status", str(rng.randrange(17))),
        HeaderTuple("set-cookie", f"secret-{rng.randrange(50)}"),
        HeaderTuple("date", "Mon, 21 Oct 2013 20:13:21 GMT"),
    ]
    return fields + rng.sample(others, rng.randrange(len(others) + 1))


def connection(name, make, sizes, huffman):
    print(f"encoder {name}")
    rng = random.Random(name)
    encoder, decoder = Encoder(), Decoder(max_header_list_size=1 << 20)
    decoder.max_allowed_table_size = 1 << 20
    for index in range(40):
        if index in sizes:
            for size in sizes[index]:
                encoder.header_table_size = size
        block = encoder.encode(make(rng), huffman=huffman)
        print(">", block.hex())
        for key, value in decoder.decode(block, raw=True):
            key, value = key.decode(), value.decode("latin-1")
            print(f"{key} {value}" if key in MATTER else "-")
        table = decoder.header_table
        print("=", table._current_size, len(table.dynamic_entries))


connection("requests", request, {}, huffman=True)
connection("plain requests", request, {}, huffman=False)
connection("responses", response, {}, huffman=True)
connection("sizes", request, {3: [0], 6: [256], 12: [100_000], 20: [0, 4096], 30: [64]}, huffman=True)
