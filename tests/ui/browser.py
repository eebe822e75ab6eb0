"""A real browser without a window: Chromium, told what to do by its DevTools protocol over a pair of pipes."""

import base64
import json
import os
import shutil
import subprocess
import time

from settings import Problem

OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe", "--no-first-run"]
SECONDS = 20
KEYS = {
    "Enter": {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
    "Tab": {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9},
    "Escape": {"key": "Escape", "code": "Escape", "windowsVirtualKeyCode": 27},
}
SHIFT = 8


class Browser:
    """One page of it. `problems` are what its console and its security policy complained about."""

    def __init__(self, profile, width=900, height=700):
        program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if not program:
            raise Problem("chromium is missing: apt-get install chromium")
        theirs_in, self.writer = os.pipe()
        self.reader, theirs_out = os.pipe()
        # It reads commands from descriptor 3 and writes to 4.
        command = ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash", program, *OPTIONS]
        command += [f"--user-data-dir={profile}", "about:blank"]
        quiet = subprocess.DEVNULL
        self.child = subprocess.Popen(command, pass_fds=(theirs_in, theirs_out), stdin=quiet, stdout=quiet, stderr=quiet)
        os.close(theirs_in)
        os.close(theirs_out)
        self.rest, self.number, self.problems, self.session = b"", 0, [], None
        [page] = [found for found in self.call("Target.getTargets")["targetInfos"] if found["type"] == "page"]
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.writer)
        try:
            self.child.wait(5)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        os.close(self.reader)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        os.write(self.writer, json.dumps(message | ({"sessionId": self.session} if self.session else {})).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]
            self.note(answer)

    def receive(self):
        while b"\0" not in self.rest:
            data = os.read(self.reader, 1 << 16)
            assert data, "the browser has ended"
            self.rest += data
        message, _, self.rest = self.rest.partition(b"\0")
        return json.loads(message)

    def note(self, event):
        if event.get("method") == "Runtime.exceptionThrown":
            self.problems.append(event["params"]["exceptionDetails"]["exception"].get("description", "an exception"))
        if event.get("method") == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
            self.problems.append(event["params"]["entry"]["text"])

    def open(self, url):
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete'")

    def value(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def until(self, expression):
        """Waits for what is true of the page, and gives it."""
        deadline = time.monotonic() + SECONDS
        while not (found := self.value(expression)):
            assert time.monotonic() < deadline, f"{expression} is not so: {self.value('document.body.innerText')}"
            time.sleep(0.03)
        return found

    def type(self, text):
        self.call("Input.insertText", text=text)

    def press(self, name, shift=False):
        key = KEYS[name] | {"modifiers": SHIFT if shift else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown", **key)
        self.call("Input.dispatchKeyEvent", type="keyUp", **{name: value for name, value in key.items() if name != "text"})

    def click(self, selector):
        self.value(f"document.querySelector({json.dumps(selector)}).click()")

    def accessible(self):
        """What a screen reader is told of: role and name, in the order of the page."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        seen = [node for node in nodes if not node["ignored"]]
        return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in seen if "role" in node]

    def picture(self, path):
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))
