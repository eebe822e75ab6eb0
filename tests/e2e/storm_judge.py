"""What has to hold after a storm (storm.py): of limits, and of records beside Bedrock's own account. Each gives problems and figures."""

import collections

# What an answer cost, in the account's words.
NAMES = ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")
# Whose answer may have been told after they were gone.
GONE = ("client_gone", "cut")
# Seconds after a client has had all of its answer by which it is charged in the place of its estimate.
SETTLING = 1


def of_records(requests, records, account):
    """What the records say against what Bedrock's own account says."""
    problems = []
    if len(records) != len(requests):
        problems.append(f"{len(requests)} requests have {len(records)} records")
    costs = {entry["id"]: entry for entry in account}
    outcomes, exact, guessed = collections.Counter(), collections.Counter(), collections.Counter()
    counted, nameless = set(), 0
    for record in records:
        outcomes[f"records: {record['outcome']}"] += 1
        id = record.get("bedrock_request_id")
        entry, tokens = costs.get(id), int(record.get("total_tokens", 0))
        counted.add(id)
        if record.get("estimated"):
            nameless += id is None
            guessed["records whose tokens are a guess"] += 1
            guessed["guesses: their tokens"] += tokens
            guessed["guesses: tokens that Bedrock had made by then, where it had begun"] += made(entry) if entry else 0
            if entry and entry["told"] and record["outcome"] not in GONE:
                problems.append(f"told, and a guess all the same: {record} {entry}")
            continue
        exact["records whose tokens are told"] += tokens > 0
        exact["told: tokens of records"] += tokens
        exact["told: tokens of Bedrock's account"] += total(entry) if entry else 0
        if tokens != (total(entry) if entry else 0):
            problems.append(f"{tokens} tokens, and Bedrock says {total(entry) if entry else 0}: {record} {entry}")
    # Their clients were gone before even the headers had come: the guess in their records knows no id.
    unseen = [entry for entry in account if entry["id"] not in counted]
    guessed["answers that nobody saw begin"] = len(unseen)
    guessed["answers that nobody saw begin: tokens made"] = sum(map(made, unseen))
    if len(unseen) > nameless:
        problems.append(f"{len(unseen)} answers have no record, and {nameless} records may be theirs: {unseen}")
    beginning = {"answers of Bedrock": len(account)}
    return problems, beginning | dict(sorted(outcomes.items())) | dict(exact) | dict(guessed)


def total(entry):
    return sum(entry[name] for name in NAMES)


def made(entry):
    """What of an answer had been made when its client was gone."""
    return total(entry) - entry["outputTokens"] + entry["outputSent"]


def of_limits(requests, records, own, shared):
    """Who was let in against who was allowed."""
    problems, figures = [], collections.Counter()
    tokens, let_in = collections.Counter(), collections.Counter()
    for record in records:
        is_limited = record.get("error") == "rate_limit_exceeded" and record["outcome"] == "refused"
        for holder in (record.get("caller"), record.get("team")):
            tokens[holder] += int(record.get("total_tokens", 0))
            let_in[holder] += not is_limited
    limits = own | shared
    for name, limit in limits.items():
        if let_in[name] > limit.requests:
            problems.append(f"{name}: {let_in[name]} requests, and {limit.requests} are allowed")
        # What a request comes to beyond its estimate may go beyond the limit; these are made to come to less.
        if tokens[name] > limit.tokens:
            problems.append(f"{name}: {tokens[name]} tokens, and {limit.tokens} are allowed")
    refused = [request for request in requests if request.is_limited]
    figures["let in"] = len(requests) - len(refused)
    at_limit = set()
    used = Used(requests, records)
    for kind in ("requests", "tokens"):
        figures[f"refused for a limit of {kind}"] = sum(request.error["type"] == kind for request in refused)
    for request in refused:
        holders = (request.caller, request.team)
        if request.error["type"] == "requests":
            # Counts only grow within the window: who was refused is at its limit at the end.
            full = [name for name in holders if let_in[name] + used.for_a_moment(name, request, "requests") >= limits[name].requests]
        else:
            # One that asks for more than all of a limit is let in where nothing is used, so it asks for no more than that.
            full = [
                name
                for name in holders
                if used.at_most(name, request)
                + used.for_a_moment(name, request, "tokens")
                + min(request.estimate, limits[name].tokens)
                > limits[name].tokens
            ]
        at_limit.update(full)
        if not full:
            problems.append(f"{request.caller} was refused below its limit: {request}")
    figures["callers that reached a limit of theirs"] = len(at_limit & own.keys())
    figures["teams that reached a limit of theirs"] = len(at_limit & shared.keys())
    figures["most requests of a limit, per cent"] = max(100 * let_in[name] // limit.requests for name, limit in limits.items())
    figures["most tokens of a limit, per cent"] = max(100 * tokens[name] // limit.tokens for name, limit in limits.items())
    return problems, dict(figures)


class Used:
    """What was used and reserved of limits of tokens."""

    def __init__(self, requests, records):
        self.told = {
            record["bedrock_request_id"]: int(record.get("total_tokens", 0))
            for record in records
            if "bedrock_request_id" in record
        }
        self.by_holder, self.by_team = collections.defaultdict(list), collections.defaultdict(list)
        for request in requests:
            if request.is_limited_by_team:
                self.by_team[request.caller].append(request)
            if not request.is_limited:
                self.by_holder[request.caller].append(request)
                self.by_holder[request.team].append(request)

    def at_most(self, name, request):
        """At most so many when the request was refused: who was under way counts by its estimate, and who was done by what it came to."""
        before = (other for other in self.by_holder[name] if other.began <= request.ended)
        return sum(self.of(other) if other.ended + SETTLING < request.began else other.estimate for other in before)

    def for_a_moment(self, name, request, what):
        """What others asked at the same time whom their team's limit refused: until that is known it is reserved of the caller's own."""
        others = (other for other in self.by_team[name] if other is not request)
        together = [other for other in others if other.began <= request.ended and request.began <= other.ended]
        return len(together) if what == "requests" else sum(other.estimate for other in together)

    def of(self, request):
        return self.told.get(request.id, request.estimate)
