"""Callers of several teams, as `make observe` has them: each asks in its own way, and some of it goes wrong on purpose."""

import http.client
import json
import random
import threading

WORDS = "the proxy that you run already does it for every team and says who has spent how much on which model today".split()


class Caller(threading.Thread):
    """Asks again and again until it is told to stop."""

    def __init__(self, port, key, model, *, pause, words, stream=True, faults=(), embeds=False):
        super().__init__(daemon=True)
        self.port, self.key, self.model, self.pause, self.words = port, key, model, pause, words
        self.stream, self.faults, self.embeds = stream, faults, embeds
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.wait(random.expovariate(1 / self.pause)):
            try:
                self.ask()
            except (OSError, http.client.HTTPException):
                # What goes wrong is what there is to see.
                continue

    def ask(self):
        text = " ".join(random.choices(WORDS, k=random.randint(*self.words)))
        if self.embeds:
            path, body = "embeddings", {"model": self.model, "input": text}
        else:
            path, body = "chat/completions", {"model": self.model, "messages": [{"role": "user", "content": text}]}
            if self.stream:
                body["stream"] = True
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json", "x-emulator": self.fault()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", f"/v1/{path}", json.dumps(body), headers)
        answer = connection.getresponse()
        if self.stream and random.random() < 0.02:
            # A client that leaves in the middle.
            answer.read1(64)
        else:
            answer.read()
        connection.close()

    def fault(self):
        """What the emulator is to do: answer after a while, or fail."""
        for part, directive in self.faults:
            if random.random() < part:
                return directive
        return f"slow={int(random.lognormvariate(5.3, 0.55))},pace={random.randint(2, 12)}"


def start(port):
    """All callers, at work."""
    throttled = (0.05, "error=ThrottlingException,slow=30")
    fails = (0.01, "error=InternalServerException,slow=50")
    cut = (0.015, "cut=5,slow=150")
    callers = [
        *[Caller(port, "search-web", "gpt-4o", pause=0.8, words=(40, 160), faults=(fails, cut)) for _ in range(3)],
        Caller(port, "search-index", "text-embedding-3-small", pause=0.25, words=(60, 200), embeds=True, stream=False),
        *[Caller(port, "shop-assistant", "gpt-4o-mini", pause=0.6, words=(30, 120), faults=(throttled, fails)) for _ in range(3)],
        Caller(port, "shop-reviews", "nova-lite", pause=0.4, words=(80, 240), stream=False, faults=(throttled,)),
        # Not one of its models.
        Caller(port, "shop-reviews", "gpt-4o", pause=6, words=(5, 9)),
        *[Caller(port, "data-nightly", "nova-pro", pause=0.5, words=(200, 500), faults=(throttled, cut)) for _ in range(2)],
        Caller(port, "data-former", "nova-pro", pause=5, words=(5, 9)),
        Caller(port, "nobody", "gpt-4o", pause=8, words=(5, 9)),
        Caller(port, "default", "invented-model", pause=9, words=(5, 9)),
    ]
    for caller in callers:
        caller.start()
    return callers


def stop(callers):
    for caller in callers:
        caller.stopped.set()
