"""An answer as one GenerateContentResponse, or as the frames of a stream: each is a response of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Final

from plexus.mock_provider.answer import Answer, Finish, Json, Part, Refusal, Search, Text, Thinking, ToolCall
from plexus.mock_provider.frame import Frame, FrameKind
from plexus.mock_provider.planner import tokens_of
from plexus.mock_provider.saying import Saying, grouped
from plexus.mock_provider.signature import hide
from plexus.mock_provider.tokens import split_tokens

FINISHES: Final[Mapping[Finish, str]] = {
    "stop": "STOP",
    "length": "MAX_TOKENS",
    "tool_calls": "STOP",
    "stop_sequence": "STOP",
    "content_filter": "PROHIBITED_CONTENT",
    "refusal": "SAFETY",
}
_CATEGORIES: Final = ("HATE_SPEECH", "DANGEROUS_CONTENT", "HARASSMENT", "SEXUALLY_EXPLICIT")


def response(saying: Saying) -> Json:
    """The whole reply."""
    writer = _Writer(saying)
    if writer.blocked:
        return writer.refusing()
    found = [writer.candidate(index, answer) for index, answer in enumerate(saying.answers)]
    usage = saying.usage
    return writer.around(found, usage.output - usage.reasoning)


def events(saying: Saying) -> list[Frame]:
    """The frames: a few words each, a call whole, the finish in the last one."""
    writer = _Writer(saying)
    if writer.blocked:
        return [Frame("finish", writer.refusing())]
    courses = [list(writer.course(index, answer)) for index, answer in enumerate(saying.answers)]
    return writer.frames([one for turn in zip_longest(*courses) for one in turn if one is not None])


Step = tuple[FrameKind, Json, int, int]
"""One candidate of a frame: what it is, itself, its output tokens, and how many of them are thoughts."""


class _Writer:
    """Makes responses with the members that all responses of a reply share."""

    def __init__(self, saying: Saying) -> None:
        self.saying = saying
        self.ident = saying.ids.make("", 22)
        first = saying.answers[0]
        self.blocked = first.finish == "content_filter" and not first.parts
        self.numbered = len(saying.answers) > 1 or saying.ask.stream

    def around(self, candidates: list[Json], said: int, thought: int | None = None) -> Json:
        """A response with the token counts up to it: ``said`` beside ``thought``."""
        thoughts = self.saying.usage.reasoning if thought is None else thought
        return {
            "candidates": candidates,
            "usageMetadata": self.usage(max(0, said), thoughts),
            "modelVersion": self.saying.ask.model,
            "responseId": self.ident,
        }

    def usage(self, said: int, thought: int) -> Json:
        """Google's UsageMetadata: thoughts are counted beside the candidates, not in them."""
        usage = self.saying.usage
        found: Json = {"promptTokenCount": usage.input}
        if said:
            found["candidatesTokenCount"] = said
        found["totalTokenCount"] = usage.input + said + thought
        if usage.cached:
            found["cachedContentTokenCount"] = usage.cached
        found["promptTokensDetails"] = [{"modality": "TEXT", "tokenCount": usage.input}]
        if usage.cached:
            found["cacheTokensDetails"] = [{"modality": "TEXT", "tokenCount": usage.cached}]
        if thought:
            found["thoughtsTokenCount"] = thought
        return found

    def refusing(self) -> Json:
        """A prompt that was blocked: no candidates at all."""
        ratings = [{"category": f"HARM_CATEGORY_{name}", "probability": "NEGLIGIBLE"} for name in _CATEGORIES]
        whole = self.around([], 0, 0)
        del whole["candidates"]
        return {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT", "safetyRatings": ratings}, **whole}

    def candidate(self, index: int, answer: Answer) -> Json:
        """A whole candidate."""
        parts = [part for said in self._spoken(answer) for part in self._parts(answer, said, None)]
        signed = self._closing(answer)
        if signed and parts:
            parts[-1] = {**parts[-1], **signed}
        found = self._of(index, parts)
        return {**found, **self._ending(answer)}

    def course(self, index: int, answer: Answer) -> Iterator[Step]:
        """A candidate in pieces."""
        for said in self._spoken(answer):
            if isinstance(said, ToolCall):
                (part,) = self._parts(answer, said, None)
                yield "delta", self._of(index, [part]), tokens_of(said), 0
                continue
            if isinstance(said, Search):
                continue
            for tokens in grouped(split_tokens(said.text), self.saying.chunk):
                pieces = list(self._parts(answer, said, "".join(tokens)))
                thought = len(tokens) if isinstance(said, Thinking) else 0
                if pieces:
                    yield "delta", self._of(index, pieces), len(tokens), thought
        last = self._of(index, [{"text": "", **self._closing(answer)}])
        yield "finish", {**last, **self._ending(answer)}, 0, 0

    def frames(self, steps: Sequence[Step]) -> list[Frame]:
        """Each step as a response with the counts up to it; the last states the usage of all."""
        usage = self.saying.usage
        said = thought = 0
        found = []
        for number, (kind, candidate, output, thoughts) in enumerate(steps):
            said, thought = said + output - thoughts, thought + thoughts
            last = number == len(steps) - 1
            body = (
                self.around([candidate], usage.output - usage.reasoning)
                if last
                else self.around([candidate], said, thought if self._shows else usage.reasoning)
            )
            found.append(Frame(kind, body, output=said + thought))
        return found

    @property
    def _shows(self) -> bool:
        return self.saying.ask.thinking == "shown"

    def _spoken(self, answer: Answer) -> list[Part]:
        """The parts that are sent: thoughts only on request, a refusal in the finish."""
        return [
            part
            for part in answer.parts
            if not isinstance(part, Refusal | Search)
            and not (isinstance(part, Thinking) and (part.redacted or not self._shows))
        ]

    def _of(self, index: int, parts: list[Json]) -> Json:
        found: Json = {"content": {"parts": parts, "role": "model"}} if parts else {"content": {"role": "model"}}
        return {**found, "index": index}

    def _parts(self, answer: Answer, said: Part, text: str | None) -> Iterator[Json]:
        if isinstance(said, ToolCall):
            call: Json = {
                "name": said.name,
                "args": said.arguments,
                "id": said.id or self.saying.ids.make("", 8).lower(),
            }
            first = next(part for part in answer.parts if isinstance(part, ToolCall))
            yield {"functionCall": call, **(self._signature(answer) if said is first else {})}
        elif isinstance(said, Thinking):
            yield {"text": said.text if text is None else text, "thought": True}
        elif isinstance(said, Text):
            yield {"text": said.text if text is None else text}

    def _signature(self, answer: Answer) -> Json:
        """What stands for the thoughts of an answer when it comes back; nothing where there were none."""
        thoughts = [part for part in answer.parts if isinstance(part, Thinking)]
        if not thoughts:
            return {}
        return {"thoughtSignature": thoughts[0].signature or hide(self.saying.issuer, thoughts[0].text)}

    def _closing(self, answer: Answer) -> Json:
        """The signature at the end of an answer without calls."""
        called = any(isinstance(part, ToolCall) for part in answer.parts)
        return {} if called else self._signature(answer)

    def _ending(self, answer: Answer) -> Json:
        found: Json = {"finishReason": FINISHES[answer.finish]}
        told = "".join(part.text for part in answer.parts if isinstance(part, Refusal))
        if told:
            found["finishMessage"] = told
        cited = _grounding(answer)
        return {**found, "groundingMetadata": cited} if cited else found


def _grounding(answer: Answer) -> Json:
    """What was searched, and which words rest on it, by bytes of the whole text."""
    searches = [part for part in answer.parts if isinstance(part, Search)]
    if not searches:
        return {}
    sources = [part.source for part in answer.parts if isinstance(part, Text) and part.source is not None]
    supports: list[Json] = []
    at = 0
    for part in answer.parts:
        if isinstance(part, Text):
            end = at + len(part.text.encode())
            if part.source is not None:
                segment = {"startIndex": at, "endIndex": end, "text": part.text}
                supports.append({"segment": segment, "groundingChunkIndices": [sources.index(part.source)]})
            at = end
    return {
        "webSearchQueries": [search.query for search in searches],
        "groundingChunks": [{"web": {"uri": source.url, "title": source.title}} for source in sources],
        "groundingSupports": supports,
    }
