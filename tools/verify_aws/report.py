"""What was found: a line for each fact of a model."""

from dataclasses import dataclass

from . import table

# As the table says; refused, though the table says that it is taken; taken, though the table says that it is not; neither was seen.
CONFIRMED, REFUTED, MORE, UNKNOWN = VERDICTS = "confirmed", "REFUTED", "more", "unknown"
# What is expected of a probe that only others rest on.
ANYTHING = "anything"
# Where it is not taken, nothing can be said of the model.
QUESTION = "a question"
WIDTH = 110
FROM_THE_MODEL = "The model returned the following errors: "


@dataclass(frozen=True)
class Line:
    model: str
    fact: str
    # Whether the table says that the model takes it, and whether it did.
    expected: bool
    taken: bool | None
    # In AWS's words, where it did not.
    words: str

    @property
    def verdict(self):
        if self.taken is None or (self.fact == QUESTION and not self.taken):
            return UNKNOWN
        if self.expected in (self.taken, ANYTHING):
            return CONFIRMED
        return MORE if self.taken else REFUTED


def show(model, answers):
    """Prints the lines as the answers come, and gives them."""
    print(f"\n{model}")
    lines = []
    for probe, expected, taken, words in answers:
        line = Line(model, probe.name, expected, taken, words)
        lines.append(line)
        says = {True: "taken", False: "refused", None: "-"}[taken]
        shown = words.replace(FROM_THE_MODEL, "").replace("ValidationException: ", "")[:WIDTH]
        print(f"  {line.verdict:9}  {probe.name:30} {says:8} {shown}".rstrip(), flush=True)
        if line.verdict in (REFUTED, MORE):
            for source in table.sources(model, probe.capability):
                print(f"             {'':30} against  {source}")
        if probe.name == QUESTION and taken is not True:
            print("  skipped: this account may not call it here, or it is not there")
            break
    return lines


def summary(lines):
    counts = {verdict: sum(line.verdict == verdict for line in lines) for verdict in VERDICTS}
    return ", ".join(f"{count} {verdict.lower()}" for verdict, count in counts.items()) + "."
