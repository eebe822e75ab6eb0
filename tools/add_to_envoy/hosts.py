"""Where Bedrock is for a configuration: the hosts that the filter sends and signs, to which the clusters have to lead."""

import os
import re

from settings import Endpoint, Problem

# The filter's own syntax: `${NAME}` and `${NAME:-default}`.
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
# Of the hosts of partitions, by how their regions begin: the usual suffix, and that of dual stack. As src/aws/endpoint.rs has them.
SUFFIXES = {
    "cn-": ("amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    "eusc-": ("amazonaws.eu", "api.amazonwebservices.eu"),
    "us-iso-": ("c2s.ic.gov", "api.aws.ic.gov"),
    "us-isob-": ("sc2s.sgov.gov", "api.aws.scloud"),
    "eu-isoe-": ("cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    "us-isof-": ("csp.hci.ic.gov", "api.aws.hci.ic.gov"),
}
# AWS's commercial partition, and GovCloud.
USUAL = ("amazonaws.com", "api.aws")


def runtime(wanted):
    """Where models are asked; a Problem where --endpoint is not the host that requests would be sent and signed for."""
    written = str(wanted.plugin.get("endpoint") or "")
    if wanted.endpoint and VARIABLE.search(written):
        # What the variable will be where Envoy runs.
        return wanted.endpoint
    found = expanded("endpoint", written) or of_region("bedrock-runtime", wanted)
    if wanted.endpoint not in (None, found):
        raise Problem(
            f"--endpoint is {wanted.endpoint.url}, and by the configuration requests are sent and signed for {found.url}: "
            f"write `endpoint: {wanted.endpoint.url}` into it"
        )
    return found


def control(wanted):
    """Where models are discovered."""
    discover = wanted.plugin.get("discover")
    written = str(discover.get("endpoint") or "") if isinstance(discover, dict) else ""
    if wanted.endpoint and VARIABLE.search(written):
        return wanted.endpoint
    return expanded("discover.endpoint", written) or of_region("bedrock", wanted)


def expanded(member, text):
    """An endpoint with the variables that are set here; None where there is none."""
    for variable in VARIABLE.finditer(text):
        name, default = variable.groups()
        if default is None and not os.environ.get(name):
            raise Problem(f"the configuration's {member} is {text}: set {name} here too, or say --endpoint")
    found = VARIABLE.sub(lambda variable: os.environ.get(variable[1]) or variable[2], text)
    return Endpoint.parse(found) if found else None


def of_region(service, wanted):
    usual, dual_stack = suffixes(wanted.region)
    fips = "-fips" if wanted.plugin.get("fips") is True else ""
    suffix = dual_stack if wanted.plugin.get("dual_stack") is True else usual
    return Endpoint.parse(f"https://{service}{fips}.{wanted.region}.{suffix}")


def suffixes(region):
    return next((found for prefix, found in SUFFIXES.items() if region.startswith(prefix)), USUAL)
