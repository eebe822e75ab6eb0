"""`make observe`: the demo under way, with traffic of several teams, Prometheus, and a page that is drawn from it."""

import argparse
import copy
import dataclasses
import functools
import http.server
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack

import yaml

import envoy_config
import observe_traffic
import ports
import processes
import run
from settings import ROOT, Problem, Settings, port_number

OBSERVABILITY = ROOT / "envoy/observability"
PAGE = OBSERVABILITY / "page"
# So that something can be seen at once; the file has what is usual.
SCRAPE = "2s"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picture", metavar="FILE", help="after --seconds, a picture of the page; then stop")
    parser.add_argument("--seconds", type=int, default=200)
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, run.interrupt)
    try:
        with ExitStack() as stack:
            return observe(stack, run.with_port(Settings.read()), arguments)
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except run.Interrupted:
        return 0


def observe(stack, settings, arguments):
    is_own = settings.filter_config is None
    if is_own:
        settings = dataclasses.replace(settings, filter_config=OBSERVABILITY / "bedrock.yaml")
    metrics = ports.hold()
    template = with_metrics(envoy_config.read(settings.envoy_config), metrics)
    running, runtime = run.start(stack, settings, template)
    prometheus, url = start_prometheus(stack, metrics)
    page = f"http://127.0.0.1:{serve_page(stack, url)}/"
    # Nobody is to pay for what is only there to be seen.
    if is_own and settings.runtime is None:
        callers = observe_traffic.start(settings.port)
        stack.callback(observe_traffic.stop, callers)
    run.introduce(settings, runtime)
    print(f"\nto look at   {page}\nPrometheus   {url}\nmetrics      http://127.0.0.1:{metrics}/stats/prometheus", flush=True)
    if arguments.picture:
        time.sleep(arguments.seconds)
        take_picture(page, arguments.picture, minutes=max(arguments.seconds // 60, 1))
        return 0
    run.stay([*running, prometheus])
    return 0


def with_metrics(template, port):
    """A bootstrap that gives its metrics at `port`, by envoy/observability/metrics.yaml."""
    config = copy.deepcopy(template)
    added = envoy_config.read(OBSERVABILITY / "metrics.yaml")
    [listener], clusters = added["static_resources"]["listeners"], added["static_resources"]["clusters"]
    listener["address"]["socket_address"]["port_value"] = port
    # Relative paths of sockets are short enough, and the directory is where Envoy runs.
    socket = str((processes.RUN / "admin.sock").relative_to(ROOT))
    (processes.RUN / "admin.sock").unlink(missing_ok=True)
    added["admin"]["address"]["pipe"]["path"] = socket
    [host] = envoy_config.hosts(clusters[0])
    host["endpoint"]["address"]["pipe"]["path"] = socket
    config["admin"] = added["admin"]
    config["static_resources"]["listeners"].append(listener)
    config["static_resources"]["clusters"] += clusters
    return config


def start_prometheus(stack, metrics):
    if not shutil.which("prometheus"):
        raise Problem("prometheus is missing: start this with `make observe`, or install it")
    config = yaml.safe_load((OBSERVABILITY / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": SCRAPE, "evaluation_interval": SCRAPE}
    config["rule_files"] = [str(OBSERVABILITY / "alerts.yml")]
    [scraped] = config["scrape_configs"]
    scraped["static_configs"] = [{"targets": [f"127.0.0.1:{metrics}"]}]
    data = processes.RUN / "prometheus"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    path = data / "prometheus.yml"
    path.write_text(yaml.safe_dump(config))
    port = ports.hold()
    url = f"http://127.0.0.1:{port}"
    command = ["prometheus", f"--config.file={path}", f"--storage.tsdb.path={data / 'tsdb'}", "--storage.tsdb.retention.time=1d"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    process = stack.enter_context(processes.Process("prometheus", command, {"PATH": "/usr/bin:/bin"}))
    process.wait_for("starting", lambda: is_ready(url))
    return process, url


def is_ready(url):
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


class Page(http.server.SimpleHTTPRequestHandler):
    """The page, and Prometheus' API beside it."""

    def __init__(self, prometheus, *rest):
        self.prometheus = prometheus
        super().__init__(*rest, directory=PAGE)

    def do_GET(self):
        if not self.path.startswith("/api/v1/"):
            return super().do_GET()
        try:
            with urllib.request.urlopen(self.prometheus + self.path, timeout=20) as answer:
                status, body = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read()
        except OSError:
            status, body = 502, b'{"status": "error", "error": "Prometheus is not there"}'
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve_page(stack, prometheus):
    """The page's port: PAGE_PORT, or one that is free."""
    port = port_number(os.environ["PAGE_PORT"]) if os.environ.get("PAGE_PORT") else 0
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), functools.partial(Page, prometheus))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stack.callback(server.shutdown)
    return server.server_address[1]


def take_picture(page, file, minutes):
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not browser:
        raise Problem("chromium is missing: apt-get install chromium")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1440,1000"]
    command += ["--virtual-time-budget=5000", f"--screenshot={file}", f"{page}?once&minutes={minutes}"]
    subprocess.run(command, check=True, capture_output=True, timeout=300)


if __name__ == "__main__":
    sys.exit(main())
