#!/bin/sh
# Records a scenario: record.sh PROTOCOL SCENARIO FILE.pcap, as root. Its servers and clients have a network of their own, so
# that nothing else is in the capture. PYTHON is the interpreter that has the packages of requirements.txt.
set -eu
[ $# = 3 ] || { echo "usage: $0 PROTOCOL SCENARIO FILE.pcap" >&2; exit 2; }
if [ -z "${RECORD_INSIDE:-}" ]; then
    RECORD_INSIDE=1 exec unshare -n "$0" "$@"
fi
ip link set lo up
# The buffer has room for a few hundred packets of the largest size: a smaller one loses some in a burst.
tcpdump -i lo -s 0 -B 65536 -U --immediate-mode -Z root -w "$3" 2>"$3.log" &
tcpdump=$!
trap 'kill $tcpdump; wait $tcpdump; rm -f "$3.log"' EXIT
until grep -q 'listening on' "$3.log"; do
    kill -0 $tcpdump || { cat "$3.log" >&2; exit 1; }
    sleep 0.1
done
"${PYTHON:-python3}" "$(dirname "$0")/$1.py" "$2"
sleep 1
