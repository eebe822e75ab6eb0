"""Where in a bootstrap the filter belongs: its HTTP connection managers, and what of the filter is there already."""

from dataclasses import dataclass

from settings import Problem
from add_to_envoy.source import Node

MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
WASM = "envoy.extensions.filters.http.wasm.v3.Wasm"
NATIVE = "envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter"
ROUTER = "envoy.extensions.filters.http.router.v3.Router"
PROXY_PROTOCOL = "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol"
# What tells our filter from others that run WebAssembly or modules, whose roots and filters may have the same names.
OURS = "bedrock"
SIGNS = f"by a root_id of ours and {OURS!r} in its vm_id or its module's name"
NATIVE_SIGNS = f"as the native module, by a filter_name of ours and {OURS!r} in its module's name"
TYPED_STRUCT = ("udpa.type.v1.TypedStruct", "xds.type.v3.TypedStruct")


@dataclass
class Manager:
    """An HTTP connection manager, and the listener and the filter chain that it is in."""

    node: Node
    listener: Node
    chain: Node
    number: int

    @property
    def listener_name(self):
        return self.listener.text("name") or address(self.listener) or "without a name"

    @property
    def name(self):
        return self.node.text("stat_prefix") or ""

    @property
    def routes_from(self):
        """Where its routes are, but for those that stand in it."""
        return next((kind for kind in ("rds", "scoped_routes") if self.node.get(kind)), None)

    def __str__(self):
        return f"{self.number}: listener {self.listener_name}, stat_prefix {self.name or '(none)'}"


def address(listener):
    """Of a listener for TCP, to tell it by where it has no name."""
    found = socket(listener)
    return f"{found[0]}:{found[1]}" if found else None


def socket(listener):
    """Host and port of a listener for TCP."""
    found = listener.get("address") and listener.get("address").get("socket_address")
    return (found.text("address"), int(found.text("port_value") or 0)) if found and found.kind == "mapping" else None


def takes_plain_http(manager):
    """Whether a plain connection from this machine gets to the manager."""
    listener, chain = manager.listener, manager.chain
    chains = [*listener.each("filter_chains"), *filter(None, [listener.get("default_filter_chain")])]
    # Where one has a condition, which of them a connection gets to depends on more than the port.
    has_condition = any(match.items for match in (one.get("filter_chain_match") for one in chains) if match)
    return not (chain.get("transport_socket") or has_condition or wants_proxy_protocol(listener, chain))


def wants_proxy_protocol(listener, chain):
    names = ("envoy.filters.listener.proxy_protocol", "envoy.listener.proxy_protocol")
    filters = listener.each("listener_filters")
    return chain.text("use_proxy_proto") == "True" or any(
        typed(one, PROXY_PROTOCOL) or one.text("name") in names for one in filters
    )


def typed(node, kind):
    """The message of that type in `typed_config`, which may be wrapped as one that is not known when it is written."""
    found = node.get("typed_config") if node.kind == "mapping" else None
    of = found.text("@type") if found else None
    of = of and of.rpartition("/")[2]
    if of in TYPED_STRUCT:
        return found.get("value") if (found.text("type_url") or "").rpartition("/")[2] == kind else None
    return found if of == kind else None


def managers(root):
    static = root.get("static_resources")
    found = []
    for listener in static.each("listeners") if static else ():
        chains = [*listener.each("filter_chains"), *filter(None, [listener.get("default_filter_chain")])]
        for chain in chains:
            for filter_ in chain.each("filters"):
                if manager := typed(filter_, MANAGER):
                    found.append(Manager(manager, listener, chain, len(found) + 1))
    return found


def chosen(root, listener=None, manager=None):
    """The one that is meant; a Problem that says which there are, where that is not clear."""
    found = managers(root)
    if not found:
        raise Problem(why_none(root))
    there = "\n".join(f"  {one}" for one in found)
    meant = [one for one in found if listener in (None, one.listener_name) and manager in (None, one.name, str(one.number))]
    if len(meant) == 1:
        return meant[0]
    asked = " and ".join(f"--{name} {value}" for name, value in (("listener", listener), ("manager", manager)) if value)
    if not meant:
        raise Problem(f"no HTTP connection manager is as {asked} says. There are\n{there}")
    what = f"several are as {asked} says" if asked else "there are several HTTP connection managers"
    raise Problem(f"{what}; --listener NAME, or --manager with a number or a stat_prefix, chooses one of\n{there}")


def why_none(root):
    dynamic = root.get("dynamic_resources")
    if dynamic and (dynamic.get("lds_config") or dynamic.get("ads_config")):
        return (
            "the listeners of this bootstrap come from elsewhere (dynamic_resources), so that nothing can be added here. "
            "What delivers them has to add the pieces that --snippets prints: the filter and the routes to the listener (LDS, RDS), "
            "the clusters to its clusters (CDS) or to static_resources of this file"
        )
    return "there is no HTTP connection manager in a static listener of this bootstrap: the gateway role is a filter of one"


def plugin(filter_):
    """The plugin's part of a filter that runs WebAssembly."""
    found = typed(filter_, WASM)
    return found.get("config") if found else None


def role(filter_):
    """`gateway` or `upstream`, for a filter that is ours: the .wasm or the native module."""
    if module := native(filter_):
        found = module.text("filter_name") if is_our_module(module) else None
    else:
        wasm = plugin(filter_)
        found = wasm.text("root_id") if wasm and is_ours(wasm) else None
    return found if found in ("gateway", "upstream") else None


def is_ours(plugin):
    """By its `vm_id`, or by the name of its module, a file or a URL."""
    vm = plugin.get("vm_config")
    module = member(vm, "code", "local", "filename") or member(vm, "code", "remote", "http_uri", "uri") or ""
    return OURS in (member(vm, "vm_id") or "") or OURS in module.rpartition("/")[2]


def native(filter_):
    """The message of a filter that is a dynamic module (docs/native.md)."""
    return typed(filter_, NATIVE)


def is_our_module(filter_):
    """By the name of its library: one that Envoy looks for, a file or a URL."""
    config = filter_.get("dynamic_module_config")
    file = member(config, "module", "local", "filename") or member(config, "module", "remote", "http_uri", "uri")
    return OURS in (member(config, "name") or file or "").rpartition("/")[2]


def signs(filter_):
    """By what a filter of ours is known."""
    return NATIVE_SIGNS if native(filter_) else SIGNS


def member(node, *path):
    """The text that a path of names leads to; None where there is none."""
    *above, name = path
    for step in above:
        node = node and node.get(step)
    return node.text(name) if node else None


def router(manager):
    """The list of filters, and which of it is the router."""
    filters = manager.node.get("http_filters")
    for number, one in enumerate(filters.items if filters and filters.kind == "list" else ()):
        if typed(one, ROUTER) or one.text("name") == "envoy.filters.http.router":
            return filters, number
    raise Problem(f"the manager {manager.name!r} has no router among its http_filters: the gateway role stands before it")


def upstream_filters(cluster):
    options = cluster.get("typed_extension_protocol_options")
    return [one for _, option in (options.items if options else ()) for one in option.each("http_filters")]


def domains(host):
    return [domain.scalar for domain in host.each("domains")]


def virtual_host(manager, name=None):
    """The virtual host that the routes go to: the one that is named, the only one, or the one for every domain."""
    config = manager.node.get("route_config")
    hosts = config.each("virtual_hosts") if config else []
    there = ", ".join(f"{host.text('name')} ({', '.join(domains(host))})" for host in hosts)
    if name is not None:
        hosts = [host for host in hosts if host.text("name") == name]
    elif len(hosts) > 1:
        hosts = [host for host in hosts if "*" in domains(host)]
    if len(hosts) != 1:
        raise Problem(f"which virtual host the routes go to is not clear; --virtual-host names one of: {there or 'there is none'}")
    if hosts[0].get("matcher"):
        raise Problem(
            f"the virtual host {hosts[0].text('name')!r} has a matcher and no routes; --snippets prints the actions to add to it"
        )
    return hosts[0]
