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
# What the filter signs for where its configuration names no region.
USUAL_REGION = "us-east-1"


def region(asked, configuration):
    """Whose Bedrock the clusters lead to; a Problem where --region is not the one that requests would be signed for."""
    if configuration is None:
        return asked or os.environ.get("AWS_REGION") or USUAL_REGION
    written = str(configuration.get("region") or USUAL_REGION)
    if asked and VARIABLE.search(written):
        # What the variable will be where Envoy runs.
        return asked
    found = expanded("region", written, "--region")
    if asked not in (None, found):
        raise Problem(f"--region is {asked}, and by the configuration requests are signed for {found}: write `region: {asked}` into it")
    return found


def runtime(wanted):
    """Where models are asked; a Problem where --endpoint is not the host that requests would be sent and signed for."""
    written = str(wanted.plugin.get("endpoint") or "")
    if wanted.endpoint and VARIABLE.search(written):
        # What the variable will be where Envoy runs.
        return wanted.endpoint
    found = endpoint("endpoint", written) or of_region("bedrock-runtime", wanted)
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
    return endpoint("discover.endpoint", written) or of_region("bedrock", wanted)


def endpoint(member, text):
    found = expanded(member, text, "--endpoint")
    return Endpoint.parse(found) if found else None


def expanded(member, text, option):
    """A member of the configuration with the variables that are set here."""
    for variable in VARIABLE.finditer(text):
        name, default = variable.groups()
        if default is None and not os.environ.get(name):
            raise Problem(f"the configuration's {member} is {text}: set {name} here too, or say {option}")
    return VARIABLE.sub(lambda variable: os.environ.get(variable[1]) or variable[2], text)


def of_region(service, wanted):
    usual, dual_stack = suffixes(wanted.region)
    fips = "-fips" if wanted.plugin.get("fips") is True else ""
    suffix = dual_stack if wanted.plugin.get("dual_stack") is True else usual
    return Endpoint.parse(f"https://{service}{fips}.{wanted.region}.{suffix}")


def suffixes(region):
    return next((found for prefix, found in SUFFIXES.items() if region.startswith(prefix)), USUAL)
