"""The blocks of code on a page, and the recipes that have a heading of their own."""

import re
from dataclasses import dataclass

import yaml

from settings import ROOT

FENCE = re.compile(r"^(?:<!-- ((?:not run|run by)[^\n]*) -->\n)?```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page):
    """(why this is not run with the others, language, code) of each block of a page."""
    return found((ROOT / page).read_text())


def found(text):
    return [match.groups() for match in FENCE.finditer(text)]


def with_gateway(code, url, key):
    """The code as the reader of a page would change it for a gateway of his own."""
    code = code.replace("http://127.0.0.1:8080", url.removesuffix("/v1"))
    # The key, not the word in a URL or a text.
    return re.sub(r"(?<=[\"'= ])bedrock(?=[\"'\s])", key, code)


def configuration():
    """The README's, in front of the tests' Bedrock."""
    [code] = [code for _, language, code in blocks("README.md") if language == "yaml"]
    assert all(name in code for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
    return yaml.safe_load(code) | {"endpoint": "${BEDROCK_ENDPOINT}"}


@dataclass(frozen=True)
class Recipe:
    """What docs/clients.md says under a client's heading."""

    text: str
    url: str
    key: str

    @classmethod
    def read(cls, client, url, key):
        _, *sections = re.split(r"^###? ", (ROOT / "docs/clients.md").read_text(), flags=re.MULTILINE)
        [text] = [text for heading, text in (section.split("\n", 1) for section in sections) if heading == client]
        return cls(text, url, key)

    def code(self, language):
        """The blocks of that language, one after the other."""
        codes = [code for _, of, code in found(self.text) if of == language]
        assert codes, f"no block of {language}"
        return with_gateway("\n".join(codes), self.url, self.key)
