"""All goals of speed and size, one after the other on a quiet machine: python -m tests.bench [folder of the peers' environments].

`serving` (a request against a constant view, memory, the start), `growth` (300 to 30,000 models) and `peers` (the same table by others),
each in a process of its own; about twenty minutes. Exit code 0 when every goal is met.
"""

import subprocess
import sys

BENCHMARKS = ("serving", "growth", "peers")


def main(peers: list[str]) -> int:
    missed = []
    for name in BENCHMARKS:
        print(f"\n=== {name}", flush=True)
        options = ["5", "3", *peers] if name == "peers" else []
        if subprocess.run([sys.executable, "-m", f"tests.bench.{name}", *options], check=False).returncode:
            missed.append(name)
    print(f"\n{f'Not all goals met in {" and ".join(missed)}.' if missed else 'Every goal is met.'}")
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:2]))
