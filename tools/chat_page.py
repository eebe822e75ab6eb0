"""`make run UI=1`: a page to type a chat into, which Envoy serves beside the gateway from the files of envoy/chat."""

import yaml

import envoy_config
from settings import ROOT, Problem

PATH = "/"
# Where envoy/chat/chat.js asks.
PREFIX = "/v1"
DIRECTORY = ROOT / "envoy/chat"
# By the path in the URL: the file and its type.
FILES = {PATH: ("index.html", "text/html"), "/chat.css": ("chat.css", "text/css"), "/chat.js": ("chat.js", "text/javascript")}
HEADERS = {
    # The page loads what is listed here and asks the gateway it came from, nobody else. No text becomes a script.
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
OFF = {"@type": envoy_config.TYPE + "envoy.config.route.v3.FilterConfig", "disabled": True}
# What Envoy has not sent by a route's wish.
NOT_DIRECT = {
    "extension_filter": {
        "name": "envoy.access_loggers.extension_filters.cel",
        "typed_config": {
            "@type": envoy_config.TYPE + "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
            "expression": "response.code_details != 'direct_response'",
        },
    }
}
# Of Envoy for bodies of its own; the usual 4 KiB are too few.
LARGEST = 65536


def add(config, plugin=None):
    """Has the first listener of a bootstrap serve the page, before all other routes. `plugin` is the filter's configuration, where it is
    not the bootstrap's own."""
    refuse_prefixes([plugin] if plugin is not None else written_in(config))
    for manager in envoy_config.managers(config["static_resources"]["listeners"][0]):
        # All but the router, which comes last.
        names = [found["name"] for found in manager["http_filters"][:-1]]
        if "route_config" not in manager:
            raise Problem("UI=1: the routes are not in this configuration, so that none can be added for the page")
        routes = manager["route_config"]["virtual_hosts"][0]["routes"]
        routes[:0] = [route(path, file, kind, names) for path, (file, kind) in FILES.items()]
        manager["route_config"]["max_direct_response_body_size_bytes"] = LARGEST
        leave_alone(manager)


def refuse_prefixes(configurations):
    """The page asks at one prefix."""
    for prefixes in (found.get("prefixes") for found in configurations if isinstance(found, dict)):
        if prefixes and PREFIX not in prefixes:
            raise Problem(f"UI=1: the page asks at {PREFIX}, which is not among the prefixes of the configuration ({', '.join(prefixes)})")


def written_in(config):
    """The configurations of the filter in a bootstrap, which may be texts there."""
    for found in envoy_config.wasm_plugins(config):
        value = found.get("configuration", {}).get("value")
        yield yaml.safe_load(value) if isinstance(value, str) else value


def route(path, file, kind, filters):
    headers = HEADERS | {"content-type": f"{kind}; charset=utf-8"}
    return {
        "match": {"path": path, "headers": [{"name": ":method", "string_match": {"exact": "GET"}}]},
        "direct_response": {"status": 200, "body": {"filename": str(DIRECTORY / file)}},
        "response_headers_to_add": [
            {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
            for name, value in headers.items()
        ],
        # The page needs no key, nor anything else that filters ask for.
        "typed_per_filter_config": {name: OFF for name in filters},
    }


def leave_alone(manager):
    """Bodies that Envoy sends by a route's wish are no errors, whose words are changed."""
    for mapper in manager.get("local_reply_config", {}).get("mappers", ()):
        mapper["filter"] = {"and_filter": {"filters": [NOT_DIRECT, mapper["filter"]]}}
