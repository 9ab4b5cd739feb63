"""The machines of a site as processes here: nodes of gunicorn, PostgreSQL, Redis; all on 127.0.0.1, all gone at the end."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def environment(state: Path, **settings: str) -> dict[str, str]:
    """What one machine is told; nothing of this shell's own settings."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {"STATE_DIR": str(state), "RELEASE": "bench", "DJANGO_SETTINGS_MODULE": "benchlm.settings"} | settings


def manage(machine: dict[str, str], *arguments: str, given: str = "") -> str:
    """What a command of manage.py prints; ends the benchmark with its words when it fails."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env=machine, input=given, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"manage.py {' '.join(arguments)[:200]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen, log: Path) -> None:
    for _ in range(1_200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise SystemExit(f"{process.args[0]} did not start:\n{log.read_text()}")


def begun(command: list[str], port: int, log: Path, **options) -> subprocess.Popen:
    """A server in a group of its own, once it listens."""
    with log.open("a") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True, **options)
    wait_for(port, process, log)
    return process


def ended(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def node(machine: dict[str, str], port: int, log: Path) -> subprocess.Popen:
    """gunicorn as in production."""
    command = [sys.executable, "-m", "gunicorn", "--config", "benchlm/deploy/gunicorn.conf.py"]
    return begun(command, port, log, cwd=ROOT, env=machine | {"PORT": str(port)})


class Postgres:
    """One of its own, with the safety of one in production; `with` stops it at the end."""

    def __init__(self, folder: Path) -> None:
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.data, self.port = folder / "postgres", free_port()
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        self.data.mkdir()
        self.as_postgres = []
        if os.geteuid() == 0:  # as which it refuses to run
            self.as_postgres = ["runuser", "-u", "postgres", "--"]
            shutil.chown(self.data, "postgres")
            folder.chmod(0o711)
        self.control = programs / "pg_ctl"
        self._run(programs / "initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "-E", "UTF8")
        self.start()

    def __enter__(self) -> "Postgres":
        return self

    def __exit__(self, *fault: object) -> None:
        self.stop("immediate")

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.data}"
        self._run(self.control, "-D", self.data, "-w", "-l", self.data / "log", "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """`mode`: smart, fast or immediate, as pg_ctl has them."""
        self._run(self.control, "-D", self.data, "-w", "-m", mode, "stop")

    def _run(self, *command: str | Path) -> None:
        subprocess.run([*self.as_postgres, *command], cwd="/", check=True, stdout=subprocess.DEVNULL)


class Redis:
    """One of its own, set as benchlm/deploy/README.md says."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        words = {"bind": "127.0.0.1", "port": self.port, "save": "", "maxmemory": "256mb"}
        words["maxmemory-policy"] = "allkeys-lru"
        options = [str(part) for name, value in words.items() for part in (f"--{name}", value)]
        self.process = begun(["redis-server", *options], self.port, self.folder / "redis.log", cwd=self.folder)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        ended(self.process)


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it ended meanwhile
            continue
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def cpu_seconds(pid: int) -> float:
    """Processor time that a process and its descendants have used."""
    ticks = 0
    for each in tree(pid):
        try:
            ticks += sum(map(int, Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[11:13]))
        except OSError:
            continue
    return ticks / os.sysconf("SC_CLK_TCK")


def wrk(name: str, pid: int, connections: int, seconds: int, *arguments: str) -> tuple[float, float]:
    """Requests a second that wrk gets from a server, and milliseconds of its processors for each; ends the benchmark at a fault."""
    before = cpu_seconds(pid)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", *arguments]  # its own is 2 s
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    time.sleep(0.1)
    spent = cpu_seconds(pid) - before
    if "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit(f"{name}: {text}")
    done = int(re.search(r"(\d+) requests in", text)[1])
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), 1000 * spent / max(done, 1)
