"""python -m tests.bench.observatory [--tools DIR]: the grade that the MDN HTTP Observatory gives the site's headers.

A node with the settings of production stands behind nginx with the example of benchlm/deploy, over TLS on 127.0.0.1. The scanner is
installed by npm into DIR (default: var/checkers), never into the project; it asks for benchlm.example, which leads here. The preload list
of browsers, which its own installation would fetch, is empty: being on it only adds to a grade. Exit code 0 for A+.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import nginx
from tests.bench import machines
from tests.bench.two_nodes import HOST, SHARED

TOOL = "@mdn/mdn-http-observatory@1.4.8"
WANTED = "A+"
LEAD_HERE = """
const net = require("node:net");
const ports = {80: %d, 443: %d}, connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  const options = Array.isArray(given[0]) ? given[0][0] : given[0];
  if (options && ports[options.port]) { options.host = "127.0.0.1"; options.port = ports[options.port]; }
  return connect.apply(this, given);
};
"""
SCAN = """
import {{ scan }} from "{module}/src/scanner/index.js";
const found = await scan("{host}");
const failed = Object.entries(found.tests).filter(([, test]) => !test.pass).map(([name, test]) => `${{name}}: ${{test.result}}`);
console.log(JSON.stringify({{grade: found.scan.grade, score: found.scan.score, failed}}));
"""


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.bench.observatory", description=__doc__.partition(":")[2])
    arguments.add_argument("--tools", type=Path, default=machines.ROOT / "var" / "checkers")
    module = install(arguments.parse_args().tools.absolute())
    with tempfile.TemporaryDirectory(prefix="observatory-") as name:
        folder, port = Path(name), machines.free_port()
        certificate = certified(folder)
        machine = machines.environment(folder / "state", **SHARED)
        for command in (["migrate"], ["import_catalogue"], ["collectstatic", "--no-input"]):
            machines.manage(machine, *command)
        server = machines.node(machine, port, folder / "node.log")
        try:
            with nginx.running(folder, (port,), certificate=certificate) as ports:
                found = scanned(folder, module, certificate, ports)
        finally:
            machines.ended(server)
    print(f"{HOST}: {found['grade']} ({found['score']} points)")
    print(*found["failed"] or ["Every test passed."], sep="\n")
    return int(found["grade"] != WANTED)


def install(tools: Path) -> Path:
    """Where the scanner is."""
    module = tools / "node_modules" / TOOL.rpartition("@")[0]
    if not module.is_dir():
        tools.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", tools, TOOL], check=True
        )
    (module / "conf" / "hsts-preload.json").write_text("{}")
    return module


def certified(folder: Path) -> Path:
    """A certificate for the host, with its key."""
    path = folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}",
         "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", folder / "key.pem", "-out", path],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_text(path.read_text() + (folder / "key.pem").read_text())
    return path


def scanned(folder: Path, module: Path, certificate: Path, ports: tuple[int, int]) -> dict:
    (folder / "here.cjs").write_text(LEAD_HERE % ports)
    (folder / "scan.mjs").write_text(SCAN.format(module=module, host=HOST))
    kept = {name: os.environ[name] for name in machines.KEPT if name in os.environ}
    done = subprocess.run(
        ["node", "--require", folder / "here.cjs", folder / "scan.mjs"],
        capture_output=True, text=True, check=False, timeout=120, env=kept | {"NODE_EXTRA_CA_CERTS": str(certificate)},
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"the scanner failed: {done.stdout}{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main())
