"""The shapes of Google's request messages, and the strict reading of JSON against them.

Reading gives a copy with lowerCamelCase names; both spellings are taken, as proto3 JSON does. Anything unknown is
refused with Google's words. Values are only looked at where Google's answer to a wrong one is known.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.wire.errors import Refused, bad_request, refuse
from emulator.wire.public.openai import OPENAI_SHAPES
from emulator.wire.replies import Json

# `name` is taken as it is, `name:Type` is one message, `name*Type` a list of them, `name%Type` a map to them.
# Lower-case types are scalars whose values are checked.
_SHAPES = """
GenerateRequest: model:string project:string userPromptId:string request:GenerateContentRequest enabledCreditTypes
  userAgent:string requestType:string requestId:string
CountTokensRequest: request:CountedRequest
CountedRequest: model:string contents*Content systemInstruction:Content tools*Tool toolConfig:ToolConfig
  generationConfig:GenerationConfig
GenerateContentRequest: contents*Content systemInstruction:Content tools*Tool toolConfig:ToolConfig labels sessionId
  safetySettings*SafetySetting generationConfig:GenerationConfig cachedContent:string
PublicGenerateRequest: model:string contents*Content systemInstruction:Content tools*Tool toolConfig:ToolConfig store
  serviceTier safetySettings*SafetySetting generationConfig:GenerationConfig cachedContent:string labels
PublicCountRequest: model:string contents*Content generateContentRequest:PublicGenerateRequest
CachedContent: name:string model:string displayName:string contents*Content systemInstruction:Content tools*Tool
  toolConfig:ToolConfig ttl:string expireTime:string createTime updateTime usageMetadata
EmbedRequest: model:string content:Content taskType:string title:string outputDimensionality:int
BatchRequest: batch:GenerateBatch
GenerateBatch: name model:string displayName:string inputConfig:BatchInput output createTime endTime updateTime
  batchStats state priority webhookConfig
BatchInput: fileName:string requests:InlinedRequests
InlinedRequests: requests*InlinedRequest
InlinedRequest: request metadata
PredictRequest: instances parameters webhookConfig labels
FileSearchStore: name displayName:string createTime updateTime activeDocumentsCount pendingDocumentsCount
  failedDocumentsCount sizeBytes embeddingModel:string
ImportFileRequest: fileName:string customMetadata*CustomMetadata chunkingConfig:ChunkingConfig
UploadToStoreRequest: displayName:string mimeType:string customMetadata*CustomMetadata chunkingConfig:ChunkingConfig
CustomMetadata: key:string stringValue:string numericValue:float stringListValue
ChunkingConfig: whiteSpaceConfig:WhiteSpaceConfig
WhiteSpaceConfig: maxTokensPerChunk:int maxOverlapTokens:int
TunedModel: name:string displayName:string description:string baseModel:string tunedModelSource tuningTask:TuningTask
  temperature:float topP:float topK:int readerProjectNumbers state createTime updateTime
TuningTask: trainingData hyperparameters startTime completeTime snapshots
Corpus: name:string displayName:string createTime updateTime
Permission: name granteeType:string emailAddress:string role:string
TransferRequest: emailAddress:string
TextRequest: model:string prompt temperature:float candidateCount:int maxOutputTokens:int topP:float topK:int
  safetySettings stopSequences*string
MessageRequest: model:string prompt temperature:float candidateCount:int topP:float topK:int
TextsRequest: model:string text:string texts*string requests
AnswerRequest: model:string contents*Content answerStyle safetySettings temperature:float semanticRetriever
  inlinePassages:InlinePassages
InlinePassages: passages*InlinePassage
InlinePassage: id:string content:Content
AuthToken: name uses:int expireTime newSessionExpireTime bidiGenerateContentSetup fieldMask
BatchEmbedRequest: model:string requests*EmbedRequest
CreateFileRequest: file:File
File: name:string displayName:string mimeType:string sizeBytes createTime updateTime expirationTime sha256Hash uri
  downloadUri state source error videoMetadata
RegisterFilesRequest: uris*string
LoadRequest: cloudaicompanionProject:string metadata:ClientMetadata mode
OnboardRequest: tierId:string cloudaicompanionProject:string metadata:ClientMetadata
ClientMetadata: ideType ideVersion ideName pluginVersion platform updateChannel duetProject pluginType
QuotaRequest: project:string userAgent:string
ModelsRequest: project:string
Content: role:string parts*Part
Part: text:string thought thoughtSignature:bytes inlineData:Blob fileData:FileData functionCall:FunctionCall
  functionResponse:FunctionResponse executableCode codeExecutionResult toolCall toolResponse videoMetadata
  mediaResolution mediaProcessing partMetadata
Blob: mimeType:string data:bytes displayName:string
FileData: mimeType:string fileUri:string displayName:string
FunctionCall: id:string name:string args partialArgs willContinue
FunctionResponse: id:string name:string response willContinue scheduling parts*FunctionResponsePart
FunctionResponsePart: inlineData:Blob fileData:FileData
Tool: functionDeclarations*FunctionDeclaration googleSearch googleSearchRetrieval codeExecution urlContext computerUse
  googleMaps enterpriseWebSearch fileSearch:FileSearch retrieval mcpServers
FileSearch: fileSearchStoreNames*string topK:int metadataFilter:string
FunctionDeclaration: name:string description:string parameters:Schema parametersJsonSchema response:Schema
  responseJsonSchema behavior
Schema: type:type format:string title:string description:string nullable enum*string maxItems:int minItems:int
  properties%Schema required*string minProperties:int maxProperties:int minLength:int maxLength:int pattern:string
  example anyOf*Schema propertyOrdering*string default items:Schema minimum:float maximum:float
ToolConfig: functionCallingConfig:FunctionCallingConfig retrievalConfig includeServerSideToolInvocations
FunctionCallingConfig: mode:mode allowedFunctionNames*string streamFunctionCallArguments
SafetySetting: category threshold method
GenerationConfig: temperature:float topP:float topK:float candidateCount:int maxOutputTokens:int stopSequences*string
  responseLogprobs logprobs:int presencePenalty:float frequencyPenalty:float seed:int responseMimeType:string
  responseJsonSchema responseSchema:Schema routingConfig modelSelectionConfig responseModalities*string mediaResolution
  speechConfig audioTimestamp audioTranscriptionConfig thinkingConfig:ThinkingConfig imageConfig enableAffectiveDialog
  enableEnhancedCivicAnswers
ThinkingConfig: includeThoughts thinkingBudget:int thinkingLevel
"""

# Enums that clients may also send by number, as proto3 JSON allows and google-generativeai does.
_ENUMS = {
    "type": ("TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"),
    "mode": ("MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"),
}

# Parts need exactly one of these; signatures alone are not a part.
PART_KINDS = (
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
    "videoMetadata",
)

_SNAKE = re.compile(r"_+([a-zA-Z0-9])")
_CAMEL = re.compile(r"(?<=[a-z0-9])([A-Z])")


@dataclass(frozen=True, slots=True)
class _Field:
    kind: str  # "" as it is, ":" one, "*" list, "%" map
    type: str


def _parse_shapes() -> dict[str, dict[str, _Field]]:
    shapes: dict[str, dict[str, _Field]] = {}
    for line in f"{_SHAPES.strip()}\n{OPENAI_SHAPES.strip()}".replace("\n  ", " ").splitlines():
        message, _, listed = line.partition(": ")
        found = (re.fullmatch(r"(\w+)(?:([:*%])(\w+))?", word) for word in listed.split())
        shapes[message] = {match[1]: _Field(match[2] or "", match[3] or "") for match in found if match}
    return shapes


SHAPES: Mapping[str, Mapping[str, _Field]] = _parse_shapes()


def read_message(shape: str, value: Any) -> Json:
    """`value` against the message `shape`; raises `Refused` that names every unknown field at once."""
    if not isinstance(value, dict):
        text = 'Invalid JSON payload received. Unknown name "": Root element must be a message.'
        raise refuse(400, text, bad_request([("", text)]))
    unknown: list[tuple[str, str]] = []
    read = _message(shape, value, "", unknown)
    if unknown:
        raise _unknown_names(unknown)
    return read


def camel(name: str) -> str:
    return _SNAKE.sub(lambda match: match[1].upper(), name)


def snake(name: str) -> str:
    return _CAMEL.sub(lambda match: "_" + match[1].lower(), name)


def decoded_bytes(text: str) -> bytes:
    """Base64 of either alphabet, padded or not; raises binascii.Error."""
    plain = text.replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def _message(shape: str, value: Any, path: str, unknown: list[tuple[str, str]]) -> Json:
    if not isinstance(value, dict):
        raise _bad_value(path, f"type.googleapis.com/google.internal.cloud.code.v1internal.{shape}", value)
    fields, read = SHAPES[shape], {}
    for name, item in value.items():
        if item is None:
            continue
        field = fields.get(camel(name))
        if field is None:
            unknown.append((path, name))
            continue
        read[camel(name)] = _value(field, item, f"{path}.{snake(name)}".lstrip("."), unknown)
    return read


def _value(field: _Field, item: Any, path: str, unknown: list[tuple[str, str]]) -> Any:
    match field.kind:
        case "*":
            # A single object for a repeated field is taken for a list of one.
            listed, one_field = item if isinstance(item, list) else [item], _Field(":", field.type)
            return [_value(one_field, one, f"{path}[{index}]", unknown) for index, one in enumerate(listed)]
        case "%" if isinstance(item, dict):
            return {
                key: _message(field.type, one, f"{path}[{index}].value", unknown)
                for index, (key, one) in enumerate(item.items())
            }
        case ":" if field.type[0].isupper():
            return _message(field.type, item, path, unknown)
        case ":":
            return _scalar(field.type, item, path)
        case _:
            return item


def _scalar(type_name: str, item: Any, path: str) -> Any:
    match type_name:
        case "bytes":
            return _bytes(item, path)
        case "type" | "mode":
            names = _ENUMS[type_name]
            return names[item] if isinstance(item, int) and 0 <= item < len(names) else item
        case "string":
            if not isinstance(item, str):
                raise _bad_value(path, "TYPE_STRING", item)
            return item
        case "int":
            number = _number(item)
            if number is None or not number.is_integer():
                raise _bad_value(path, "TYPE_INT32", item)
            return int(number)
        case _:
            number = _number(item)
            if number is None:
                raise _bad_value(path, "TYPE_FLOAT", item)
            return number


def _bytes(item: Any, path: str) -> Any:
    try:
        decoded_bytes(item)
    except (binascii.Error, ValueError, AttributeError):
        shown = item if isinstance(item, str) else ""
        text = f"Invalid value at '{path}' (TYPE_BYTES), Base64 decoding failed for \"{shown[:100]}\""
        raise refuse(400, text, bad_request([(path, text)])) from None
    return item


def _number(item: Any) -> float | None:
    if isinstance(item, bool):
        return None
    try:
        return float(item)
    except (TypeError, ValueError):
        return None


def _bad_value(path: str, type_name: str, value: Any) -> Refused:
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    text = f"Invalid value at '{path}' ({type_name}), {shown[:100]}"
    return refuse(400, text, bad_request([(path, text)]))


def _unknown_names(unknown: list[tuple[str, str]]) -> Refused:
    violations = []
    for path, name in unknown:
        where = f" at '{path}'" if path else ""
        violations.append((path, f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.'))
    return refuse(400, "\n".join(text for _, text in violations), bad_request(violations))
