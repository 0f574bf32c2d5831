"""The shapes of OpenAI's request messages, as far as Google's layer knows them (`fields.read_message`)."""

OPENAI_SHAPES = """
ChatRequest: model:string messages*ChatMessage stream streamOptions:StreamOptions maxTokens:int maxCompletionTokens:int
  temperature:float topP:float n:int stop seed:int presencePenalty:float frequencyPenalty:float reasoningEffort:string
  tools*ChatTool toolChoice parallelToolCalls responseFormat:ResponseFormat modalities*string user:string metadata
  serviceTier:string extraBody:ChatExtras
ChatMessage: role:string content name:string toolCalls*ChatToolCall toolCallId:string refusal audio annotations
  functionCall extraContent:ExtraContent
ChatToolCall: index id:string type:string function:ChatFunctionCall extraContent:ExtraContent
ChatFunctionCall: name:string arguments:string
ExtraContent: google:GoogleContent
GoogleContent: thoughtSignature:string thought
ChatTool: type:string function:ChatFunction
ChatFunction: name:string description:string parameters strict
StreamOptions: includeUsage includeObfuscation
ResponseFormat: type:string jsonSchema:JsonSchemaFormat
JsonSchemaFormat: name:string description:string schema strict
ChatExtras: google:GoogleExtras
GoogleExtras: cachedContent:string thinkingConfig:ThinkingConfig safetySettings*SafetySetting
OpenaiEmbeddingsRequest: model:string input dimensions:int encodingFormat:string user:string
ImagesRequest: model:string prompt:string n:int size:string quality:string style:string responseFormat:string
  user:string extraBody
VideoRequest: model:string prompt:string seconds size:string inputReference extraBody
OpenaiBatchRequest: inputFileId:string endpoint:string completionWindow:string metadata
"""
