"""Bedrock, asked by AWS's own client, and what it said."""

import time
from dataclasses import dataclass

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# What says something of the request and the model; all else says something of the account, the moment or the network.
REFUSALS = {"ValidationException", "ModelErrorException", "ModelStreamErrorException"}
# Prompt caching is refused so where a model has none.
CACHING = "prompt caching"
AGAIN = {"ThrottlingException", "ServiceUnavailableException", "InternalServerException", "ModelNotReadyException", "ModelTimeoutException"}
# Not a word about what was asked.
BY_PROFILE = "on-demand throughput"
UNKNOWN = "model identifier is invalid"
# An old prefix of Asia is shared; a new model has the profile of the world.
GEOGRAPHIES = {"us": ["us"], "ca": ["ca", "us"], "eu": ["eu"], "ap": ["apac", "jp", "au", "in"]}


@dataclass(frozen=True)
class Answer:
    """`taken` is None where the answer says nothing about the request."""

    taken: bool | None
    words: str = ""
    tokens: int = 0


class Bedrock:
    """Counts what it sends. A request is tried again, after a while, where only the moment was wrong."""

    def __init__(self, region, endpoint=None, session=None, tries=4, wait=2.0):
        # Names and numbers that the client itself would not send are what some probes are about.
        config = Config(parameter_validation=False, retries={"total_max_attempts": 1, "mode": "standard"}, read_timeout=120)
        session = session or botocore.session.get_session()
        self.client = session.create_client("bedrock-runtime", region_name=region, endpoint_url=endpoint, config=config)
        self.region, self.tries, self.wait = region, tries, wait
        self.requests = self.tokens = 0

    def ask(self, model, probe):
        for attempt in range(self.tries):
            answer, again = self.once(model, probe)
            if not again:
                break
            if attempt + 1 < self.tries:
                time.sleep(self.wait * 2**attempt)
        return answer

    def once(self, model, probe):
        self.requests += 1
        try:
            answer = self.stream(model, probe) if probe.stream else self.whole(model, probe)
        except ClientError as error:
            name, words = error.response["Error"]["Code"], error.response["Error"]["Message"]
            says = name in REFUSALS or CACHING in words
            return Answer(False if says else None, f"{name}: {words}"), name in AGAIN
        except BotoCoreError as error:
            return Answer(None, str(error)), False
        self.tokens += answer.tokens
        return answer, False

    def whole(self, model, probe):
        usage = self.client.converse(modelId=model, **probe.request).get("usage", {})
        return Answer(True, tokens=usage.get("totalTokens", 0))

    def stream(self, model, probe):
        """A stream may refuse in its first event too, which the client raises."""
        tokens = 0
        for event in self.client.converse_stream(modelId=model, **probe.request)["stream"]:
            tokens += event.get("metadata", {}).get("usage", {}).get("totalTokens", 0)
        return Answer(True, tokens=tokens)

    def callable_id(self, model, probe):
        """The id by which this account may call the model, and the first answer: its own, or a profile's."""
        head = self.region.split("-")[0]
        prefixes = ["", "global.", *(f"{geography}." for geography in GEOGRAPHIES.get(head, [head]))]
        if model.startswith("arn:"):
            prefixes = [""]
        answer = Answer(None)
        for prefix in prefixes:
            answer = self.ask(prefix + model, probe)
            if not answer.words or not any(words in answer.words for words in (BY_PROFILE, UNKNOWN)):
                return prefix + model, answer
        return model, answer
