"""Bootstraps as people have them, for the tests: each serves `mine` at all paths."""

import json
import textwrap

import yaml

HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"

BLOCK = f"""\
# The shop's front proxy.
static_resources:
  listeners:
  - name: web
    address:
      socket_address: {{ address: 127.0.0.1, port_value: 10000 }}   # behind the balancer
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": {HCM}
          stat_prefix: ingress_http
          route_config:
            name: local_route
            virtual_hosts:
            - name: local_service
              domains: ["*"]
              routes:
              # All the rest.
              - match: {{ prefix: "/broken" }}
                route: {{ cluster: nowhere }}
              - match: {{ prefix: "/" }}
                direct_response: {{status: 200, body: {{inline_string: mine}}}}
          http_filters:
          # Last, always.
          - name: envoy.filters.http.router
            typed_config:
              "@type": {ROUTER}
  clusters:
    - name: nowhere   # a trap
      type: STATIC
      load_assignment:
        cluster_name: nowhere
        endpoints:
        - lb_endpoints:
          - endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: 1}}}}}}
# The end.
"""
DATA = yaml.safe_load(BLOCK)
JSON = json.dumps(DATA, indent=2)
ONE_LINE = json.dumps(DATA)
CAMEL = (
    ONE_LINE.replace("static_resources", "staticResources")
    .replace("filter_chains", "filterChains")
    .replace("typed_config", "typedConfig")
    .replace("http_filters", "httpFilters")
    .replace("virtual_hosts", "virtualHosts")
    .replace("route_config", "routeConfig")
)

# Clusters before listeners, lists indented, an anchor of its own, mappers and tags of its own, no end of the last line.
CLUSTERS_FIRST = f"""\
stats_config:
    stats_tags:
        - {{tag_name: tenant, regex: '(tenant=(.*?);)'}}
static_resources:
    clusters: &clusters
        - name: nowhere
          type: STATIC
          connect_timeout: &second 1s
          load_assignment: {{cluster_name: nowhere}}
        - name: other
          type: STATIC
          connect_timeout: *second
          load_assignment: {{cluster_name: other}}
    listeners:
        -
            name: web
            address: {{socket_address: {{address: "::", port_value: 10000}}}}
            filter_chains:
                - filters:
                    - name: any
                      typed_config:
                          "@type": {HCM}
                          stat_prefix: ingress
                          local_reply_config: {{mappers: [{{filter: {{status_code_filter: {{comparison: {{op: GE, value: {{default_value: 500, runtime_key: none}}}}}}}}, status_code: 599}}]}}
                          http_filters: [{{name: envoy.filters.http.router, typed_config: {{"@type": {ROUTER}}}}}]
                          route_config:
                              virtual_hosts: [{{name: local_service, domains: ["*"], routes: [{{match: {{prefix: /}}, direct_response: {{status: 200}}}}]}}]"""

# The manager as a message whose type is not known when it is written, and no clusters yet.
TYPED_STRUCT = f"""\
static_resources:
  clusters: []
  listeners:
  - address: {{socket_address: {{address: 0.0.0.0, port_value: 10000}}}}
    default_filter_chain:
      filters:
      - name: http
        typed_config:
          "@type": type.googleapis.com/xds.type.v3.TypedStruct
          type_url: {HCM}
          value:
            stat_prefix: wrapped
            route_config: {{virtual_hosts: [{{name: local_service, domains: ["*"], routes: []}}]}}
            http_filters:
            - name: envoy.filters.http.router
              typed_config: {{"@type": {ROUTER}}}
"""

# Routes that a control plane delivers.
DELIVERED = f"""\
node: {{id: a, cluster: a}}
static_resources:
  listeners:
  - name: web
    address: {{socket_address: {{address: 127.0.0.1, port_value: 10000}}}}
    filter_chains:
    - filters:
      - name: http
        typed_config:
          "@type": {HCM}
          stat_prefix: delivered
          rds: {{route_config_name: local_route, config_source: {{ads: {{}}}}}}
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{"@type": {ROUTER}}}
"""


def manager(name, prefix):
    """A listener for a bootstrap that has several."""
    return textwrap.indent(
        f"""\
- name: {name}
  address: {{socket_address: {{address: 127.0.0.1, port_value: 10000}}}}
  filter_chains:
  - filters:
    - name: http
      typed_config:
        "@type": {HCM}
        stat_prefix: {prefix}
        route_config: {{virtual_hosts: [{{name: all, domains: ["*"], routes: [{{match: {{prefix: /}}, direct_response: {{status: 200}}}}]}}]}}
        http_filters:
        - name: envoy.filters.http.router
          typed_config: {{"@type": {ROUTER}}}
""",
        "  ",
    )


SEVERAL = f"static_resources:\n  listeners:\n{manager('web', 'outside')}{manager('intern', 'inside')}"
ALL = {
    "block": BLOCK, "json": JSON, "one line": ONE_LINE, "camel": CAMEL, "clusters first": CLUSTERS_FIRST, "typed struct": TYPED_STRUCT, "several": SEVERAL
}  # fmt: skip
