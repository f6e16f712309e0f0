"""One sample for each member of a Gemini request. See ``support_samples``."""

from __future__ import annotations

from typing import Any

PNG = "iVBORw0KGgo="
PDF = "JVBERi0xLjQK"
HI: dict[str, Any] = {"role": "user", "parts": [{"text": "hi"}]}
SCHEMA = {"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": True}}, "required": ["a"]}
JSON_SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}
FUNCTION = {"name": "f", "description": "d", "parameters": SCHEMA}


def part(members: dict[str, Any]) -> dict[str, Any]:
    """A user's turn with this part."""
    return {"contents": [{"role": "user", "parts": [{"text": "hi"}, members]}]}


def said(*parts: dict[str, Any], answers: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """A model's turn with these parts, between two of the user's."""
    last = {"role": "user", "parts": list(answers) or [{"text": "go on"}]}
    return {"contents": [HI, {"role": "model", "parts": list(parts)}, last]}


def config(**members: Any) -> dict[str, Any]:
    """A generationConfig."""
    return {"generationConfig": members}


def calling(**members: Any) -> dict[str, Any]:
    """A functionCallingConfig, beside functions."""
    return {
        "tools": [{"functionDeclarations": [FUNCTION, {"name": "g", "description": "d"}]}],
        "toolConfig": {"functionCallingConfig": members},
    }


def tool(**members: Any) -> dict[str, Any]:
    """One tool."""
    return {"tools": [members]}


CALL = {"functionCall": {"name": "f", "args": {"a": "b"}, "id": "c1"}}
RESPONSE = {"functionResponse": {"name": "f", "id": "c1", "response": {"output": "r"}}}

GEMINI: dict[str, dict[str, Any]] = {
    "cachedContent": {"cachedContent": "cachedContents/x"},
    "contents: codeExecutionResult": said({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}),
    "contents: executableCode": said({"executableCode": {"language": "PYTHON", "code": "1"}}),
    "contents: fileData (file of Google's)": part(
        {"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/x", "mimeType": "image/png"}}
    ),
    "contents: fileData (image URL)": part(
        {"fileData": {"fileUri": "https://example.com/a.png", "mimeType": "image/png"}}
    ),
    "contents: fileData (PDF URL)": part(
        {"fileData": {"fileUri": "https://example.com/a.pdf", "mimeType": "application/pdf"}}
    ),
    "contents: fileData (video)": part({"fileData": {"fileUri": "https://www.youtube.com/watch?v=x"}}),
    "contents: functionCall, functionResponse": said(CALL, answers=(RESPONSE,)),
    "contents: functionCall, functionResponse (by name)": said(
        {"functionCall": {"name": "f", "args": {"a": "b"}}},
        answers=({"functionResponse": {"name": "f", "response": {"output": "r"}}},),
    ),
    "contents: functionResponse (error)": said(
        CALL, answers=({"functionResponse": {"name": "f", "id": "c1", "response": {"error": "no"}}},)
    ),
    "contents: functionResponse parts (image)": said(
        CALL,
        answers=(
            {
                "functionResponse": {
                    "name": "f",
                    "id": "c1",
                    "response": {"output": "r"},
                    "parts": [{"inlineData": {"mimeType": "image/png", "data": PNG}}],
                }
            },
        ),
    ),
    "contents: inlineData (audio)": part({"inlineData": {"mimeType": "audio/wav", "data": "UklGRg=="}}),
    "contents: inlineData (image)": part({"inlineData": {"mimeType": "image/png", "data": PNG}}),
    "contents: inlineData (PDF)": part({"inlineData": {"mimeType": "application/pdf", "data": PDF}}),
    "contents: inlineData (text)": part({"inlineData": {"mimeType": "text/plain", "data": "aGk="}}),
    "contents: inlineData (video)": part({"inlineData": {"mimeType": "video/mp4", "data": "AAAA"}}),
    "contents: partMetadata": part({"text": "x", "partMetadata": {"a": 1}}),
    "contents: text": part({"text": "more"}),
    "contents: thought": said({"text": "hm", "thought": True, "thoughtSignature": "c2ln"}, {"text": "yes"}),
    "contents: thoughtSignature (call)": said({**CALL, "thoughtSignature": "c2ln"}, answers=(RESPONSE,)),
    "contents: toolCall": said({"toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "args": {}, "id": "t"}}),
    "contents: toolResponse": said({"toolResponse": {"toolType": "GOOGLE_SEARCH_WEB", "response": {}, "id": "t"}}),
    "contents: videoMetadata": part(
        {"fileData": {"fileUri": "https://www.youtube.com/watch?v=x"}, "videoMetadata": {"fps": 1}}
    ),
    "generationConfig.automaticFunctionCalling": config(automaticFunctionCalling={"disable": True}),
    "generationConfig.candidateCount": config(candidateCount=2),
    "generationConfig.frequencyPenalty": config(frequencyPenalty=0.5),
    "generationConfig.imageConfig": config(imageConfig={"aspectRatio": "1:1"}),
    "generationConfig.logprobs": config(responseLogprobs=True, logprobs=2),
    "generationConfig.maxOutputTokens": config(maxOutputTokens=99),
    "generationConfig.mediaResolution": config(mediaResolution="MEDIA_RESOLUTION_LOW"),
    "generationConfig.presencePenalty": config(presencePenalty=0.5),
    "generationConfig.responseJsonSchema": config(responseMimeType="application/json", responseJsonSchema=JSON_SCHEMA),
    "generationConfig.responseLogprobs": config(responseLogprobs=True),
    "generationConfig.responseMimeType (JSON)": config(responseMimeType="application/json"),
    "generationConfig.responseMimeType (enum)": config(responseMimeType="text/x.enum"),
    "generationConfig.responseModalities (audio)": config(responseModalities=["AUDIO"]),
    "generationConfig.responseModalities (image)": config(responseModalities=["TEXT", "IMAGE"]),
    "generationConfig.responseSchema": config(responseMimeType="application/json", responseSchema=SCHEMA),
    "generationConfig.seed": config(seed=7),
    "generationConfig.speechConfig": config(
        responseModalities=["AUDIO"],
        speechConfig={"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}, "languageCode": "de-DE"},
    ),
    "generationConfig.stopSequences": config(stopSequences=["END"]),
    "generationConfig.temperature": config(temperature=0.5),
    "generationConfig.thinkingConfig (budget)": config(thinkingConfig={"thinkingBudget": 2048}),
    "generationConfig.thinkingConfig (includeThoughts)": config(thinkingConfig={"includeThoughts": True}),
    "generationConfig.thinkingConfig (level)": config(thinkingConfig={"thinkingLevel": "high"}),
    "generationConfig.thinkingConfig (off)": config(thinkingConfig={"thinkingBudget": 0}),
    "generationConfig.toolConfig": config(toolConfig={"functionCallingConfig": {"mode": "NONE"}}),
    "generationConfig.topK": config(topK=5),
    "generationConfig.topP": config(topP=0.5),
    "labels": {"labels": {"team": "a"}},
    "safetySettings": {"safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_ONLY_HIGH"}]},
    "store": {"store": True},
    "systemInstruction": {"systemInstruction": {"parts": [{"text": "be good"}]}},
    "toolConfig.functionCallingConfig (ANY)": calling(mode="ANY"),
    "toolConfig.functionCallingConfig (ANY, one name)": calling(mode="ANY", allowedFunctionNames=["f"]),
    "toolConfig.functionCallingConfig (ANY, two names)": calling(mode="ANY", allowedFunctionNames=["f", "g"]),
    "toolConfig.functionCallingConfig (AUTO)": calling(mode="AUTO"),
    "toolConfig.functionCallingConfig (NONE)": calling(mode="NONE"),
    "toolConfig.functionCallingConfig (VALIDATED)": calling(mode="VALIDATED"),
    "toolConfig.functionCallingConfig.streamFunctionCallArguments": calling(
        mode="AUTO", streamFunctionCallArguments=True
    ),
    "toolConfig.includeServerSideToolInvocations": {"toolConfig": {"includeServerSideToolInvocations": True}},
    "toolConfig.retrievalConfig": {"toolConfig": {"retrievalConfig": {"languageCode": "de"}}},
    "tools: codeExecution": tool(codeExecution={}),
    "tools: computerUse": tool(computerUse={"environment": "ENVIRONMENT_BROWSER"}),
    "tools: fileSearch": tool(fileSearch={"fileSearchStoreNames": ["fileSearchStores/x"]}),
    "tools: functionDeclarations": tool(functionDeclarations=[FUNCTION]),
    "tools: functionDeclarations.behavior": tool(functionDeclarations=[{**FUNCTION, "behavior": "BLOCKING"}]),
    "tools: functionDeclarations.parametersJsonSchema": tool(
        functionDeclarations=[{"name": "f", "description": "d", "parametersJsonSchema": JSON_SCHEMA}]
    ),
    "tools: functionDeclarations.response": tool(functionDeclarations=[{**FUNCTION, "response": SCHEMA}]),
    "tools: functionDeclarations.responseJsonSchema": tool(
        functionDeclarations=[{**FUNCTION, "responseJsonSchema": JSON_SCHEMA}]
    ),
    "tools: googleMaps": tool(googleMaps={}),
    "tools: googleSearch": tool(googleSearch={}),
    "tools: googleSearchRetrieval": tool(googleSearchRetrieval={}),
    "tools: mcpServers": tool(mcpServers=[{"name": "m", "streamableHttpTransport": {"url": "https://example.com"}}]),
    "tools: retrieval": tool(retrieval={"disableAttribution": True}),
    "tools: urlContext": tool(urlContext={}),
}
