"""What the operators' guide says of a running gateway: signals, health, metrics."""

import json
import re
import signal
import urllib.request

from fenced import ROOT, blocks, program

from monitoring.metrics import FAMILIES

INTEGRATORS = ROOT / "docs" / "integrators.md"
LOADED = '"the offices file is loaded"'


def look(documented, path: str) -> str:
    """What the ops port answers."""
    with urllib.request.urlopen(documented.here(f"http://127.0.0.1:9464{path}"), timeout=10) as answer:
        return answer.read().decode()


def test_the_gateway_says_that_it_listens_as_readme_shows(documented):
    [shown] = [block.text for block in blocks(ROOT / "README.md", "text") if "listens" in block.text]
    assert documented.here(shown) in documented.log("gateway").read_text()


def test_the_ops_port_tells_health_and_metrics(documented):
    assert json.loads(look(documented, "/healthz")) == {"alive": True}
    assert json.loads(look(documented, "/readyz"))["ready"] is True
    shown = set(re.findall(r"^(pouch_\w+)", look(documented, "/metrics"), re.MULTILINE))
    assert shown and shown <= {name for family in FAMILIES for name in family.shown()}


def test_a_signal_loads_the_offices_file_again(documented):
    """A client that was added to offices.toml gets a token after SIGHUP, without a restart."""
    offices, log = documented.folder / "office" / "offices.toml", documented.log("gateway")
    before = offices.read_text()
    added = '\n[[office.client]]\nid = "xa-second"\ncertificate = "keys/system.pem"\nscopes = ["exchange", "operate"]\n'
    offices.write_text(before + added)
    loads = log.read_text().count(LOADED)
    documented.running["gateway"].send_signal(signal.SIGHUP)
    documented.wait_until(lambda: log.read_text().count(LOADED) > loads)
    try:
        documented.run_python(program(INTEGRATORS, "Keys", "Token").replace('"xa-system"', '"xa-second"'))
    finally:
        offices.write_text(before)
        documented.running["gateway"].send_signal(signal.SIGHUP)
        documented.wait_until(lambda: log.read_text().count(LOADED) > loads + 1)
