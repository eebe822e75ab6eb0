"""Draws the page of `make run UI=1`, with a chat in it that the emulator answers.

Usage: picture.py FILE
"""

import re
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests/ui")]

import ports  # noqa: E402  (tools/)
import processes  # noqa: E402
from browser import Browser  # noqa: E402

ASKED = ["What does the gateway do, in one sentence?", "Then tell me\nwhat <b>Envoy</b> does."]


def draw(url, path):
    with tempfile.TemporaryDirectory() as profile, Browser(profile, width=900, height=620) as page:
        page.open(url)
        page.type("bedrock")
        page.press("Enter")
        for number, text in enumerate(ASKED, 1):
            page.until("!document.getElementById('model').disabled && document.activeElement.id === 'message'")
            page.type(text)
            page.press("Enter")
            page.until(f"document.querySelectorAll('small:not(:empty)').length === {number}")
        page.value("document.getElementById('conversation').scrollTop = 0")
        page.picture(path)


def main():
    processes.RUN = ROOT / "target/run/picture"
    port = ports.hold()
    variables = {"PATH": "/usr/bin:/bin", "PORT": str(port), "UI": "1"}
    with processes.Process("run", [sys.executable, ROOT / "tools/run.py"], variables) as process:
        process.wait_for("starting", lambda: "Ctrl-C" in process.log.read_text())
        draw(re.search(r"chat page +(\S+)", process.log.read_text())[1], Path(sys.argv[1]))
    shutil.rmtree(ROOT / f"target/run/{port}")


if __name__ == "__main__":
    main()
