"""The sample's own limits, lifted: what is measured is what the machine bears, not where the sample stops."""

import resource

HEAP = 16 << 30
MANY = 1_000_000


def lift(config):
    """As many connections and requests as come. Connections to Bedrock stay 1,024 where requests wait for one."""
    for monitor in config["overload_manager"]["resource_monitors"]:
        settings = monitor["typed_config"]
        if "max_heap_size_bytes" in settings:
            settings["max_heap_size_bytes"] = HEAP
        else:
            settings["max_active_downstream_connections"] = MANY
    threshold(config).update(max_pending_requests=MANY, max_requests=MANY)
    # Where ten thousand clients come at once, Envoy looks at what it has connected to after them: seconds later.
    cluster(config)["connect_timeout"] = "60s"


def lift_connections(config):
    """One to Bedrock for each stream too."""
    lift(config)
    threshold(config).update(max_connections=MANY)


def threshold(config):
    [found] = cluster(config)["circuit_breakers"]["thresholds"]
    return found


def cluster(config):
    [found] = [cluster for cluster in config["static_resources"]["clusters"] if cluster["name"] == "bedrock"]
    return found


def descriptors():
    """How many files and sockets a process may have open, as many as we may allow."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most
