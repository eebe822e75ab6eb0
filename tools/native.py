"""The native module in the place of the .wasm, throughout a configuration of Envoy's: docs/native.md."""

import copy
import os

import envoy_config
from settings import ROOT

FILTER = envoy_config.TYPE + "envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter"
MODULE = ROOT / "target/native/libbedrock_filter.so"
HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
OPTIONS = {"@type": envoy_config.TYPE + HTTP, "explicit_http_config": {"http_protocol_options": {}}}
CODEC = {
    "name": "envoy.filters.http.upstream_codec",
    "typed_config": {"@type": envoy_config.TYPE + "envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec"},
}
HIDING = {
    "name": "envoy.filters.http.header_mutation",
    "typed_config": {
        "@type": envoy_config.TYPE + "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
        "mutations": {"request_mutations": [{"remove": "x-forwarded-for"}]},
    },
}
STRIP = "envoy.reloadable_features.dynamic_modules_strip_custom_stat_prefix"
# A record is a message, which dynamic modules can put into dynamic metadata and not into filter state.
RECORD = ("filter_state['wasm.bedrock.usage']", "metadata.filter_metadata['wasm.bedrock.usage']")


def is_chosen():
    """Whether FILTER=native asks for it."""
    return os.environ.get("FILTER") == "native"


def bootstrap(config, module=MODULE):
    """A whole configuration with the native module; its metrics without a prefix, as those of the .wasm have none."""
    layers = config.get("layered_runtime", {}).get("layers", [])
    config = replaced(config, module)
    for cluster in config.get("static_resources", {}).get("clusters", []):
        hide(cluster)
    return config | {"layered_runtime": {"layers": [*layers, {"name": "native", "static_layer": {STRIP: True}}]}}


def hide(cluster):
    """Takes `x-forwarded-for` from calls of the filter's own, to which Envoy adds it for modules: AWS's metadata services refuse it."""
    options = cluster.setdefault("typed_extension_protocol_options", {}).setdefault(HTTP, copy.deepcopy(OPTIONS))
    filters = options.setdefault("http_filters", [CODEC])
    if not any(one.get("typed_config", {}).get("filter_name") == "upstream" for one in filters):
        filters.insert(0, HIDING)


def replaced(node, module=MODULE):
    """`node` with the native module in the place of each .wasm."""
    if isinstance(node, str):
        return FILTER if node == envoy_config.WASM else node.replace(*RECORD)
    if isinstance(node, list):
        return [replaced(child, module) for child in node]
    if not isinstance(node, dict):
        return node
    if node.get("@type") == envoy_config.WASM:
        return entry(node["config"], module)
    return {name: replaced(child, module) for name, child in node.items()}


def as_chosen(node):
    """`node` with the filter that FILTER asks for."""
    return replaced(node) if is_chosen() else node


def entry(plugin, module):
    """The filter that is the same as a plugin."""
    return {
        "@type": FILTER,
        "dynamic_module_config": {
            "module": {"local": {"filename": str(module)}},
            # It has threads of its own.
            "do_not_close": True,
            # As the .wasm's are called.
            "metrics_namespace": "wasmcustom",
        },
        "filter_name": plugin["root_id"],
        "filter_config": plugin["configuration"],
    }


def variables(config):
    """What the plugins of a configuration are given as variables besides Envoy's own."""
    found = {}
    for plugin in envoy_config.wasm_plugins(config):
        found |= plugin["vm_config"].get("environment_variables", {}).get("key_values", {})
    return found
