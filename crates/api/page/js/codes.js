// Names of codes that few people know by their numbers.

/** The registry that RFC 6895 section 2.3 founded. */
const DNS = {
  1: "FORMERR",
  2: "SERVFAIL",
  3: "NXDOMAIN",
  4: "NOTIMP",
  5: "REFUSED",
  6: "YXDOMAIN",
  7: "YXRRSET",
  8: "NXRRSET",
  9: "NOTAUTH",
  10: "NOTZONE",
  16: "BADVERS",
};

/** "Status codes and their use in gRPC". */
const GRPC = {
  1: "CANCELLED",
  2: "UNKNOWN",
  3: "INVALID_ARGUMENT",
  4: "DEADLINE_EXCEEDED",
  5: "NOT_FOUND",
  6: "ALREADY_EXISTS",
  7: "PERMISSION_DENIED",
  8: "RESOURCE_EXHAUSTED",
  9: "FAILED_PRECONDITION",
  10: "ABORTED",
  11: "OUT_OF_RANGE",
  12: "UNIMPLEMENTED",
  13: "INTERNAL",
  14: "UNAVAILABLE",
  15: "DATA_LOSS",
  16: "UNAUTHENTICATED",
};

const NAMES = new Map(Object.entries({ dns: DNS, grpc: GRPC }));

/** The name of a protocol's code, where the number says too little. */
export function codeName(protocol, code) {
  const names = NAMES.get(protocol);
  return names && Object.hasOwn(names, code) ? names[code] : "";
}
