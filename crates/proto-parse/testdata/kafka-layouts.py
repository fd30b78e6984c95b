"""Writes kafka-layouts.txt: every known layout of Kafka's requests and responses, as bytes, and what is to be read of it.

    python kafka-layouts.py DIRECTORY > kafka-layouts.txt

DIRECTORY has Kafka's message definitions (`clients/src/main/resources/common/message`, or as kafka-python ships them).
What is written is encoded from these alone. Each request names the subject that it is about. Of each response there is
one for every error code in it, with all others 0.
"""

import json
import pathlib
import re
import struct
import sys

PACKED = {"bool": "b", "int8": "b", "int16": "h", "uint16": "H", "int32": "i", "int64": "q", "float64": "d"}
# What a request is about, by the path of the field that says so.
SUBJECTS = {
    "Produce": ["TopicData.Name", "TopicData.TopicId"], "Fetch": ["Topics.Topic", "Topics.TopicId"],
    "ListOffsets": ["Topics.Name"], "Metadata": ["Topics.Name"], "OffsetCommit": ["GroupId"],
    "OffsetFetch": ["GroupId", "Groups.GroupId"], "FindCoordinator": ["Key", "CoordinatorKeys"],
    "JoinGroup": ["GroupId"], "Heartbeat": ["GroupId"], "LeaveGroup": ["GroupId"], "SyncGroup": ["GroupId"],
    "DescribeGroups": ["Groups"], "CreateTopics": ["Topics.Name"], "DeleteTopics": ["TopicNames", "Topics.Name"],
    "DeleteRecords": ["Topics.Name"], "OffsetForLeaderEpoch": ["Topics.Topic"],
    "AddPartitionsToTxn": ["V3AndBelowTopics.Name", "Transactions.Topics.Name"], "AddOffsetsToTxn": ["GroupId"],
    "TxnOffsetCommit": ["GroupId"], "CreatePartitions": ["Topics.Name"], "DeleteGroups": ["GroupsNames"],
    "OffsetDelete": ["GroupId"], "DescribeProducers": ["Topics.Name"], "DescribeTopicPartitions": ["Topics.Name"],
}
# Errors of single partitions where the request as a whole is answered, and those that no layout goes as far as.
PASSED_OVER = {
    "Metadata": ["Topics.Partitions.ErrorCode"], "DescribeTopicPartitions": ["Topics.Partitions.ErrorCode"],
    "DescribeQuorum": ["Topics.Partitions.ErrorCode"], "DescribeLogDirs": ["ErrorCode", "Results.ErrorCode"],
    "DescribeUserScramCredentials": ["Results.ErrorCode"], "UpdateFeatures": ["Results.ErrorCode"],
}


def has(versions, version):
    if versions in (None, "none"):
        return False
    first, _, last = versions.partition("-")
    return int(first.rstrip("+")) <= version <= (int(last) if last else int(first) if first[-1] != "+" else 32767)


def varint(value):
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


class Encoder:
    def __init__(self, definition, version, subjects=(), error=None):
        self.version, self.subjects, self.error, self.errors = version, subjects, error, []
        self.flexible = has(definition["flexibleVersions"], version)
        self.structures = {each["name"]: each["fields"] for each in definition.get("commonStructs", [])}

    def length(self, value, fixed):
        return varint(value + 1) if self.flexible else struct.pack(">" + fixed, value)

    def fields(self, fields, path):
        out = b"".join(self.field(each, path) for each in fields if has(each.get("versions"), self.version))
        return out + (b"\x01\x63\x02??" if self.flexible else b"")  # a tag that nobody knows

    def field(self, field, path):
        if "tag" in field and has(field["taggedVersions"], self.version):
            return b""
        kind, path = field["type"], path + [field["name"]]
        if kind.startswith("[]"):
            element = self.value(kind[2:], field, path)
            return self.length(1, "i") + element
        return self.value(kind, field, path)

    def value(self, kind, field, path):
        name = ".".join(path)
        if path[-1].endswith("ErrorCode") and kind == "int16":
            self.errors.append(name)
        if kind in PACKED:
            return struct.pack(">" + PACKED[kind], 42 if name == self.error else 0)
        if kind == "uuid":
            return bytes(range(1, 17)) if name in self.subjects else bytes(16)
        if kind == "string":
            text = b"orders" if name in self.subjects else b"else"
            return self.length(len(text), "h") + text
        if kind in ("bytes", "records"):
            return self.length(5, "i") + b"bytes"
        present = b"\x01" if "nullableVersions" in field and not field["type"].startswith("[]") else b""
        return present + self.fields(field.get("fields") or self.structures[kind], path)


def load(path):
    return json.loads(re.sub(r"^\s*//.*$|\s//.*$", "", path.read_text(), flags=re.M))


def main(directory):
    print("# Made by kafka-layouts.py: API key, version, bytes behind the fixed part of the header, what they say.")
    definitions = [load(path) for path in pathlib.Path(directory).glob("*.json")]
    for definition in sorted(filter(lambda each: "apiKey" in each, definitions), key=lambda each: each["apiKey"]):
        api, is_request = re.sub("Request$|Response$", "", definition["name"]), definition["type"] == "request"
        last = int(definition["validVersions"].split("-")[-1])
        before = None
        for version in range(last + 1):
            flexible = has(definition["flexibleVersions"], version)
            if is_request:
                subjects = SUBJECTS.get(api, [])
                body = Encoder(definition, version, subjects).fields(definition["fields"], [])
                head = b"" if (api, version) == ("ControlledShutdown", 0) else b"\0\x06client"
                tags = b"\x01\x63\x02??" if flexible else b""
                by_id = any(path.endswith("TopicId") for path in subjects) and version >= 13
                said = "about nothing" if not subjects else "about id" if by_id else "about orders"
                rows = [("request", head + tags + body, said)]
            else:
                encoder = Encoder(definition, version)
                encoder.fields(definition["fields"], [])
                rows = []
                for error in encoder.errors or [None]:
                    body = Encoder(definition, version, error=error).fields(definition["fields"], [])
                    head = b"\x01\x63\x02??" if flexible and api != "ApiVersions" else b""
                    found = 0 if error is None or error in PASSED_OVER.get(api, []) else 42
                    rows.append(("response", head + body, f"error {found}"))
            if rows != before:  # a version that changes nothing is not written down again
                for what, data, said in rows:
                    print(what, definition["apiKey"], version, data.hex(), said)
            before = rows


main(sys.argv[1])
