"""Writes shapes.txt from the AWS SDK's service model: what the emulator validates requests against.

    python extract.py > shapes.txt        (needs botocore; written with 1.44.5)
"""
import gzip, json, os, botocore

path = os.path.join(os.path.dirname(botocore.__file__), "data/bedrock-runtime/2023-09-30/service-2.json.gz")
shapes = json.load(gzip.open(path))["shapes"]
ROOTS = ["ConverseRequest", "ConverseStreamRequest", "CountTokensRequest", "ApplyGuardrailRequest"]

done, todo, lines = set(), list(ROOTS), []
while todo:
    name = todo.pop(0)
    if name in done:
        continue
    done.add(name)
    s = shapes[name]
    kind = s["type"]
    head = "union" if s.get("union") else "document" if s.get("document") else kind
    parts = [head, name]
    if "min" in s or "max" in s:
        parts.append(f"{s.get('min', '')}..{s.get('max', '')}")
    if "enum" in s:
        parts.append("enum=" + "|".join(s["enum"]))
    children = []
    if head in ("structure", "union"):
        for member, ref in s["members"].items():
            if ref.get("location"):
                continue
            required = " required" if member in s.get("required", []) else ""
            children.append(f"  {member} {ref['shape']}{required}")
            todo.append(ref["shape"])
    elif kind == "list":
        parts.append("of=" + s["member"]["shape"])
        todo.append(s["member"]["shape"])
    elif kind == "map":
        parts.append("key=" + s["key"]["shape"])
        parts.append("value=" + s["value"]["shape"])
        todo += [s["key"]["shape"], s["value"]["shape"]]
    if "pattern" in s:
        parts.append("pattern=" + s["pattern"])
    lines.append(" ".join(parts))
    lines += children

print("# Written by extract.py from botocore's model of bedrock-runtime 2023-09-30: do not edit.")
print("# kind Name [min..max] [enum=a|b] [of=Shape] [key=Shape value=Shape] [pattern=to the end of the line]")
print("\n".join(lines))
