"""python -m tests.bench.twins [COUNT]: the JSON of so many random pairs (default 500) held to its schema, read as CSV and drawn as SVG."""

import csv
import io
import json
import os
import random
import sys
import tempfile
import time
from xml.etree import ElementTree


def main(count: int = 500) -> int:
    with tempfile.TemporaryDirectory(prefix="benchlm-twins-") as folder:
        os.environ |= {"STATE_DIR": folder, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        os.environ.pop("DATABASE_URL", None)
        import django

        django.setup()
        return run(count)


def run(count: int) -> int:
    from django.core.management import call_command
    from django.test import Client

    from comparisons.models import LanguageModel
    from tests.test_twins import faults_of

    call_command("migrate", verbosity=0)
    call_command("import_catalogue", stdout=io.StringIO(), stderr=io.StringIO())
    site, draw, faults = Client(headers={"host": "127.0.0.1"}), random.Random(count), {}
    slugs = sorted(LanguageModel.objects.published().values_list("slug", flat=True))
    started = time.perf_counter()
    for _ in range(count):
        path = f"/compare/{'-vs-'.join(sorted(draw.sample(slugs, 2)))}"
        document = json.loads(site.get(f"{path}.json").content)
        rows = list(csv.DictReader(io.StringIO(site.get(f"{path}.csv").content.decode())))
        texts = {each.text for each in ElementTree.fromstring(site.get(f"{path}.svg").content).iter()}
        found = faults_of("pair", document)
        if sum(row["part"] == "benchmark" for row in rows) != 2 * len(document["benchmarks"]):
            found.append("the CSV has other rows")
        if document["coverage"]["text"] not in texts:
            found.append("the picture has another coverage line")
        if found:
            faults[path] = found
    print(f"{count} pairs, three twins each, in {time.perf_counter() - started:.1f} s")
    for path, found in faults.items():
        print(f"{path}: {'; '.join(found)}")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
