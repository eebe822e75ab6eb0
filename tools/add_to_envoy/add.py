"""Adds each piece to where it belongs, unless it is there."""

from add_to_envoy import pieces, places, render
from settings import Problem

PAGE = "docs/add-to-envoy.md"
NATIVE_PAGE = "docs/native.md"
EVERYWHERE = ("0.0.0.0", "::", "")


def itself(manager, name=None):
    """Where this Envoy reaches the routes by plain HTTP and any host, as `fan_out` needs it; None where it does not."""
    socket = places.socket(manager.listener)
    if socket is None or manager.routes_from or not places.takes_plain_http(manager):
        return None
    host = places.virtual_host(manager, name)
    if "*" not in places.domains(host) or host.text("require_tls") not in (None, "NONE"):
        return None
    host, port = socket
    return ("127.0.0.1" if host in EVERYWHERE else host, port)


def first(source, manager):
    """The role that will stand first in the text; None where not both are added, or what they share cannot be named."""
    static = source.root.get("static_resources")
    is_there = upstream_clusters(source.root) or any(map(places.role, manager.node.each("http_filters")))
    if source.is_json or is_there or any(f"&{name}" in source.text for name in pieces.SHARED.values()):
        return None
    clusters, filters = static.get("clusters"), manager.node.get("http_filters")
    # In brackets all is written as JSON, which knows no names.
    if static.is_flow or not filters or filters.is_flow or (clusters and clusters.is_flow and clusters.items):
        return None
    return "upstream" if clusters and clusters.start < manager.listener.start else "gateway"


def everything(source, manager, wanted, host=None):
    """All pieces; what the person has to know or do besides."""
    notes = []
    root, filters = source.root, manager.node.each("http_filters")
    is_there = upstream_clusters(root)
    gateway = next((one for one in filters if places.role(one) == "gateway"), None)
    refuse_two_kinds(manager, gateway, is_there)
    if is_there:
        wanted.cluster, upstream = next(iter(is_there.items()))
        notes.append(f"cluster {wanted.cluster}: the upstream role is there already, {places.signs(upstream)}")
    if gateway:
        notes.append(f"{manager.listener_name}: the gateway role is there already, {places.signs(gateway)}")
    else:
        refuse_name(filters, manager)
        notes += routes(source, manager, wanted, host)
        add_filter(source, manager, wanted)
        mappers(source, manager)
        notes += warnings(manager, wanted)
    if not is_there:
        notes += clusters(source, root, wanted)
    stats(source, root)
    return notes


def refuse_two_kinds(manager, gateway, upstreams):
    """What is added is the .wasm, and one role of it cannot read what the other leaves as the native module."""
    if gateway and not upstreams and places.native(gateway):
        where = f"{manager.listener_name}: the gateway role"
    elif not gateway and (found := next((name for name, one in upstreams.items() if places.native(one)), None)):
        where = f"cluster {found}: the upstream role"
    else:
        return
    raise Problem(
        f"{where} is there {places.NATIVE_SIGNS}, and the other is not. What is added here is the .wasm: {NATIVE_PAGE} has the other"
    )


def refuse_name(filters, manager):
    if any(one.text("name") == pieces.NAME for one in filters):
        raise Problem(f"{manager.listener_name}: a filter of another kind is called {pieces.NAME!r}; give it another name first")


def add_filter(source, manager, wanted):
    filters, number = places.router(manager)
    comment = f"Amazon Bedrock for clients of OpenAI's and Anthropic's, on the routes that have it on: {PAGE}."
    render.insert_before(source, filters, number, [pieces.gateway_filter(wanted)], comment)


def routes(source, manager, wanted, name):
    made = pieces.routes(wanted)
    if manager.routes_from:
        return [
            f"the routes of {manager.listener_name} are delivered ({manager.routes_from}), so that none is added here. "
            f"What delivers them has to have these first; until then the filter does nothing:\n{render.block(made, 0)}"
        ]
    host = places.virtual_host(manager, name)
    notes = [f"{manager.listener_name}: {', '.join(wanted.paths)} of virtual host {host.text('name')!r} goes to Bedrock"]
    for number, route in enumerate(host.each("routes"), 1):
        refuse_shadow(route, wanted.paths, host)
        notes += unjudged(route, number, host)
    comment = f"The gateway's paths: {PAGE}."
    found = host.get("routes")
    if found is None:
        render.add_member(source, host, "routes", made, comment)
    elif found.items:
        render.insert_before(source, found, 0, made, comment)
    else:
        render.append(source, found, made, host, comment)
    return notes


def refuse_shadow(route, paths, host):
    match = route.get("match")
    for kind in ("prefix", "path", "path_separated_prefix") if match else ():
        has = match.text(kind)
        if has and any(has == path or has.startswith(f"{path}/") for path in paths):
            raise Problem(
                f"virtual host {host.text('name')!r} has a route of its own for {has}, which would not be reached any more; --path says other paths"
            )


def unjudged(route, number, host):
    """Says of a route which paths it takes that nobody can tell by their beginning."""
    match = route.get("match")
    for kind in ("safe_regex", "path_match_policy"):
        if match and match.get(kind):
            which = route.text("name") or f"number {number}"
            yield (
                f"route {which} of virtual host {host.text('name')!r} chooses paths by {kind}, which is not compared with the gateway's paths: "
                "what both take goes to Bedrock from now on"
            )


def mappers(source, manager):
    found = manager.node.get("local_reply_config")
    comment = "Envoy's own errors on the gateway's paths have OpenAI's shape."
    if found is None:
        render.add_member(source, manager.node, "local_reply_config", {"mappers": pieces.mappers()}, comment)
        return
    there = found.get("mappers")
    if there is None:
        render.add_member(source, found, "mappers", pieces.mappers(), comment)
    elif there.items:
        render.insert_before(source, there, 0, pieces.mappers(), comment)
    else:
        render.append(source, there, pieces.mappers(), found, comment)


def warnings(manager, wanted):
    if manager.node.text("path_with_escaped_slashes_action") not in (None, "IMPLEMENTATION_SPECIFIC_DEFAULT", "KEEP_UNCHANGED"):
        yield "path_with_escaped_slashes_action: models whose names have slashes (ARNs) cannot be asked for by path unless it is KEEP_UNCHANGED"
    if wanted.itself is None:
        names = ", ".join(pieces.named(wanted, "fan_out", "techniques"))
        yield (
            "the gateway asks itself for fan_out and techniques, by a listener of this Envoy that takes plain HTTP for any host from itself "
            "(no TLS, require_tls, PROXY protocol or filter_chain_match): this is none. "
            + (
                f"The configuration names {names} for it: add that cluster"
                if names
                else "Without it lists that go in pieces are refused"
            )
        )


def upstream_clusters(root):
    """Clusters in which the upstream role is: by their names, its filter."""
    return {
        cluster.text("name"): one
        for cluster in root.get("static_resources").each("clusters")
        for one in places.upstream_filters(cluster)
        if places.role(one) == "upstream"
    }


def clusters(source, root, wanted):
    static = root.get("static_resources")
    there = static.get("clusters")
    known = [cluster.text("name") for cluster in static.each("clusters")]
    new, notes = [], []
    for cluster in pieces.clusters(wanted):
        if cluster["name"] not in known:
            new.append(cluster)
        elif cluster["name"] == wanted.cluster:
            raise Problem(f"there is a cluster {wanted.cluster!r} without the filter; --cluster NAME gives ours another name")
        else:
            notes.append(f"cluster {cluster['name']} is there already")
    comment = f"Amazon Bedrock: {PAGE}."
    if new and there is None:
        render.add_member(source, static, "clusters", new, comment)
    elif new:
        render.append(source, there, new, static, comment)
    return notes


def stats(source, root):
    """Labels of the filter's metrics, and the steps of its histograms."""
    found = root.get("stats_config")
    tags, steps = pieces.stats_tags(), pieces.histograms()
    comment = "Labels of the filter's metrics: docs/metrics.md."
    if found is None:
        render.add_member(source, root, "stats_config", {"stats_tags": tags, "histogram_bucket_settings": steps}, comment)
        return
    known = {tag.text("regex") for tag in found.each("stats_tags")}
    add_list(source, found, "stats_tags", [tag for tag in tags if tag["regex"] not in known], comment)
    known = [setting.plain().get("match") for setting in found.each("histogram_bucket_settings")]
    add_list(source, found, "histogram_bucket_settings", [step for step in steps if step["match"] not in known], comment)


def add_list(source, owner, name, values, comment):
    found = owner.get(name)
    if values and found is None:
        render.add_member(source, owner, name, values, comment)
    elif values:
        render.append(source, found, values, owner, comment)
