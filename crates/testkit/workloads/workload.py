"""What the workload scripts share: a folder, free ports, servers as children, and the account of what was done.

    from workload import Workload, main

    def ping(work: Workload) -> None:
        port = work.port()
        work.start(["redis-server", "--port", port, "--dir", work.folder], port)
        assert work.run(["redis-cli", "-p", port, "PING"]) == "PONG\n"
        work.count("PING")

    if __name__ == "__main__":
        main({"ping": ping})
"""

from __future__ import annotations

import collections
import contextlib
import ctypes
import glob
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

# A script is called after its protocol, and so is many a package: `import redis` in redis.py is to find the package.
if sys.path[0] == str(Path(__file__).parent):
    sys.path.append(sys.path.pop(0))

# Longest time for a server to begin to listen or to end, and for a client to do its work.
START_S = 40.0
END_S = 20.0
RUN_S = 60.0

# Where Debian keeps programs that are on nobody's path.
FOLDERS = ["/usr/sbin", "/sbin", "/usr/lib/postgresql/*/bin", "/usr/lib/rabbitmq/bin"]

# include/uapi/linux/prctl.h
PR_SET_PDEATHSIG = 1

Argument = str | int | Path


class Workload:
    """One run of a scenario. Its servers are ended and its folder is removed with it, also when the scenario fails."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="geophone-workload-"))
        # Servers that run as another user look into it.
        self.folder.chmod(0o755)
        self._ports: list[int] = []
        self._counts: collections.Counter[tuple[str, str]] = collections.Counter()
        self._unmatched = 0
        self._secrets: list[str] = []
        self._cleanup = contextlib.ExitStack()

    def port(self, kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
        """A free port on the loopback address, for a server whose exchanges are counted."""
        self._ports.append(free_port(kind))
        return self._ports[-1]

    def listens(self, port: int) -> None:
        """A port that a server chose itself."""
        self._ports.append(port)

    def count(self, operation: str, status: str = "ok", times: int = 1) -> None:
        """Expects exchanges: their operation (`GET`, `SELECT ?`) and status (`ok`, `client_error 42P01`)."""
        self._counts[operation, status] += times

    def unmatched(self, times: int = 1) -> None:
        """Expects messages that answer nothing."""
        self._unmatched += times

    def secret(self, text: str) -> str:
        """A text that must not come out of a parser. Returns it."""
        if text not in self._secrets:
            self._secrets.append(text)
        return text

    def path(self, name: str, user: str | None = None) -> Path:
        """A new folder in the workload's, of a user's own where a server does not run as root."""
        path = self.folder / name
        path.mkdir(mode=0o700)
        if user is not None and os.geteuid() == 0:
            shutil.chown(path, user, pwd.getpwnam(user).pw_gid)
        return path

    def start(
        self,
        command: Sequence[Argument],
        *ports: int,
        user: str | None = None,
        env: Mapping[str, str] | None = None,
        stop: signal.Signals = signal.SIGTERM,
    ) -> subprocess.Popen[bytes]:
        """Starts a server and waits until it listens on its ports (TCP or UDP). It runs until the scenario is over."""
        log = self.folder / f"{Path(str(command[0])).name}-{len(list(self.folder.glob('*.log')))}.log"
        with log.open("wb") as out:
            server = subprocess.Popen(
                arguments(command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                cwd=self.folder,
                preexec_fn=end_with_parent,
                **as_user(user),
            )
        self._cleanup.callback(self._end, server, log, stop)
        for port in ports:
            wait_for(f"{command[0]} on port {port}", lambda port=port: ended(server) or is_listening(port))
        return server

    def run(
        self,
        command: Sequence[Argument],
        *,
        input: str = "",
        status: int = 0,
        user: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> str:
        """Runs a client to its end and returns what it printed. It must end with this status."""
        done = subprocess.run(
            arguments(command),
            input=input,
            capture_output=True,
            text=True,
            timeout=RUN_S,
            env={**os.environ, **(env or {})},
            cwd=self.folder,
            preexec_fn=end_with_parent,
            **as_user(user),
        )
        if done.returncode != status:
            raise Surprise(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def certificate(self, host: str) -> tuple[Path, Path]:
        """A self-signed certificate for a host and its key, as PEM files."""
        certificate, key = self.folder / f"{host}.crt", self.folder / f"{host}.key"
        request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        names = ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}", "-days", 3650]
        self.run([*request, *names, "-keyout", key, "-out", certificate])
        return certificate, key

    def outcome(self) -> str:
        """The line that the test reads."""
        exchanges = [[operation, status, count] for (operation, status), count in sorted(self._counts.items())]
        outcome = {"ports": self._ports, "exchanges": exchanges, "unmatched": self._unmatched, "secrets": self._secrets}
        return json.dumps(outcome)

    def end(self) -> None:
        """Ends the servers, the last one first."""
        self._cleanup.close()

    def _end(self, server: subprocess.Popen[bytes], log: Path, stop: signal.Signals) -> None:
        failed = sys.exc_info()[0] is not None
        early = server.poll()
        if early is None:
            server.send_signal(stop)
            try:
                server.wait(END_S)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
                raise Surprise(f"{log.stem} did not end when it got {stop.name}") from None
        if failed or early is not None:
            print(f"== {log.name}\n{log.read_text(errors='replace')[-4000:]}", file=sys.stderr)
        if early is not None and not failed:
            raise Surprise(f"{log.stem} ended by itself with {early}")


class Surprise(Exception):
    """Something went another way than the scenario says."""


def main(scenarios: Mapping[str, Callable[[Workload], None]]) -> None:
    """Runs the scenario that the command line names, and prints what was done as the last line."""
    if sys.argv[1:] == ["--list"]:
        print("\n".join(scenarios))
        return
    if len(sys.argv) != 2 or sys.argv[1] not in scenarios:
        sys.exit(f"usage: {sys.argv[0]} SCENARIO, one of {', '.join(scenarios)}")
    # A signal ends the script like an exception, with its servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    with workload() as work:
        scenarios[sys.argv[1]](work)
    print(work.outcome())


@contextlib.contextmanager
def workload() -> Iterator[Workload]:
    """A workload, and an end to what it has begun."""
    work = Workload()
    try:
        try:
            yield work
        finally:
            work.end()
    finally:
        shutil.rmtree(work.folder, ignore_errors=True)


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port on the loopback address that is free now."""
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wait_for(what: str, condition: Callable[[], bool], at_most_s: float = START_S) -> None:
    """Looks every few milliseconds until something is so."""
    deadline = time.monotonic() + at_most_s
    while not condition():
        if time.monotonic() > deadline:
            raise Surprise(f"waited {at_most_s} s for {what}")
        time.sleep(0.01)


def is_listening(port: int) -> bool:
    """Whether somebody listens on a port, found without a connection that would be counted (proc(5): a TCP listener's
    state is 0A, that of a UDP socket without a peer 07)."""
    for table, listening in [("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")]:
        with contextlib.suppress(FileNotFoundError):
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                _, local, _, state, *_ = line.split()
                if local.endswith(f":{port:04X}") and state == listening:
                    return True
    return False


def find(program: str) -> str:
    """Where a program is, also where it is on nobody's path."""
    folders = [folder for pattern in FOLDERS for folder in sorted(glob.glob(pattern), reverse=True)]
    path = os.pathsep.join([os.environ.get("PATH", ""), *folders])
    if (found := shutil.which(program, path=path)) is None:
        raise Surprise(f"{program} is not installed")
    return found


def arguments(command: Sequence[Argument]) -> list[str]:
    """A command as the kernel takes it."""
    program, *rest = map(str, command)
    return [program if "/" in program else find(program), *rest]


def ended(server: subprocess.Popen[bytes]) -> bool:
    """Refuses to wait for a server that is gone."""
    if server.poll() is not None:
        raise Surprise(f"{server.args} ended with {server.returncode}")
    return False


def end_with_parent() -> None:
    """Asks the kernel to kill this process when the script is gone."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def as_user(name: str | None) -> dict[str, object]:
    """Another user for a child, since some servers refuse to be root's. Nothing to do for who is not root."""
    if name is None or os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(name)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
