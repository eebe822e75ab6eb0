"""The runbook has an entry for each code that a client may be told, and says of each what it means, where to look, what to do."""

import re

from metrics import ROOT

# Where codes come from: `.code("…")`, texts that become one, and Envoy's own of the samples.
LITERAL = re.compile(r'\.code\(\s*"([a-z_]+)"')
CONSTANT = re.compile(r"\.code\(\s*(?:(\w+)::)?([A-Z_]+)\)")
TEXT = r'const {}: &str =\s*"([a-z_]+)"'
IN_TUPLES = re.compile(r'\(\s*"(key_[a-z_]+)",')
OF_ENVOY = re.compile(r"\bcode: ([a-z_]+)\b")
KINDS = re.compile(r'(?:=> |kind\()"([a-z_]+_error|insufficient_quota)"')
HEADING = re.compile(r"^### `?(\w+)`?$")


def sources():
    """The texts of the filter, without tests."""
    for path in sorted((ROOT / "src").rglob("*.rs")):
        if not path.stem.endswith("tests"):
            yield path, path.read_text().split("#[cfg(test)]\nmod ")[0]


def codes():
    found = set()
    texts = dict(sources())
    for text in texts.values():
        found |= set(LITERAL.findall(text)) | set(IN_TUPLES.findall(text))
        for module, name in CONSTANT.findall(text):
            found |= values(texts, text, module, name)
    for path in (ROOT / "envoy").glob("*.yaml"):
        found |= set(OF_ENVOY.findall(path.read_text()))
    # What an error without a code counts as.
    found |= set(KINDS.findall((ROOT / "src/openai/error.rs").read_text()))
    return found


def values(texts, text, module, name):
    """What a constant stands for: of the module that is named, of this one, or of wherever it was imported from."""
    pattern = TEXT.format(name)
    if module:
        found = [value for path, other in texts.items() if path.stem == module for value in re.findall(pattern, other)]
    else:
        found = re.findall(pattern, text) or re.findall(pattern, "".join(texts.values()))
    assert len(set(found)) == 1, (name, found)
    return set(found)


def section(title):
    """What stands under a heading."""
    page = (ROOT / "docs/runbook.md").read_text()
    [found] = [part for part in re.split(r"^## ", page, flags=re.MULTILINE) if part.startswith(f"{title}\n")]
    return found


def entries(title):
    return [found[1] for line in section(title).splitlines() if (found := HEADING.match(line))]


def test_each_code_has_an_entry_and_each_entry_a_code():
    assert {"invalid_api_key", "key_expired", "gateway_busy", "upstream_unavailable"} <= codes()
    assert sorted(entries("Error codes")) == sorted(codes())


def test_each_entry_says_what_it_means_where_to_look_and_what_to_do():
    for title in ("Alerts", "Error codes"):
        for entry in re.split(r"^### ", section(title), flags=re.MULTILINE)[1:]:
            for part in ("**Means**", "**Look**", "**Do**"):
                assert part in entry, entry.split("\n")[0]
