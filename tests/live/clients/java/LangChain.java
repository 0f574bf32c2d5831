import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.HttpException;
import dev.langchain4j.model.catalog.ModelDescription;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonArraySchema;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.request.json.JsonStringSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.googleai.GoogleAiGeminiChatModel;
import dev.langchain4j.model.googleai.GoogleAiGeminiModelCatalog;
import dev.langchain4j.model.googleai.GoogleAiGeminiStreamingChatModel;
import dev.langchain4j.model.googleai.GoogleAiGeminiTokenCountEstimator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** A user of LangChain4j. */
final class LangChain {
  static final String KEY = Walking.PLAN.get("key").asText();
  static final String URL = Walking.PLAN.get("url").asText() + "/v1beta";

  static ChatModel newModel(String key, String model, int milliseconds) {
    return GoogleAiGeminiChatModel.builder()
        .apiKey(key)
        .baseUrl(URL)
        .modelName(model)
        .timeout(Duration.ofMillis(milliseconds))
        .maxRetries(0)
        .returnThinking(true) // or else it drops the signatures that a called function's result has to come with
        .sendThinking(true)
        .build();
  }

  static ChatModel model(String part) {
    return newModel(KEY, Walking.model(part), 20_000);
  }

  static StreamingChatModel newStreamingModel(String key, String model) {
    return GoogleAiGeminiStreamingChatModel.builder()
        .apiKey(key)
        .baseUrl(URL)
        .modelName(model)
        .timeout(Duration.ofSeconds(20))
        .build();
  }

  /** Reads a stream to its end, or only its first piece; the whole answer, or null. Throws what the handler is told. */
  static ChatResponse read(StreamingChatModel model, List<ChatMessage> messages, Walking.Heard heard, boolean leaves)
      throws Exception {
    CompletableFuture<ChatResponse> ended = new CompletableFuture<>();
    model.chat(messages, new StreamingChatResponseHandler() {
      @Override
      public void onPartialResponse(PartialResponse partial, PartialResponseContext context) {
        heard.piece(partial.text());
        if (leaves) {
          context.streamingHandle().cancel();
          ended.complete(null);
        }
      }

      @Override
      public void onCompleteResponse(ChatResponse whole) {
        ended.complete(whole);
      }

      @Override
      public void onError(Throwable error) {
        ended.completeExceptionally(error);
      }
    });
    try {
      return ended.get(30, TimeUnit.SECONDS);
    } catch (ExecutionException told) {
      throw told.getCause() instanceof Exception ? (Exception) told.getCause() : told;
    }
  }

  static Map<String, Object> generate(Walking.Heard heard) {
    ChatResponse response =
        model("plain").chat(SystemMessage.from(Walking.INSTRUCTION), UserMessage.from(Walking.PROMPT));
    return Map.of(
        "text", response.aiMessage().text(),
        "finish", response.finishReason().toString(),
        "version", response.modelName());
  }

  static Map<String, Object> stream(Walking.Heard heard) throws Exception {
    StreamingChatModel model = newStreamingModel(KEY, Walking.model("slow"));
    return Map.of("finish", read(model, List.of(UserMessage.from(Walking.PROMPT)), heard, false).finishReason().toString());
  }

  static Map<String, Object> chat(Walking.Heard heard) {
    List<ChatMessage> history = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    for (String said : List.of(Walking.FIRST_TURN, Walking.SECOND_TURN)) {
      history.add(UserMessage.from(said));
      AiMessage answer = model("plain").chat(history).aiMessage();
      history.add(answer);
      texts.add(answer.text());
    }
    return Map.of("texts", texts, "history", history.size());
  }

  static Map<String, Object> chatStream(Walking.Heard heard) throws Exception {
    List<ChatMessage> history = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    StreamingChatModel model = newStreamingModel(KEY, Walking.model("plain"));
    for (String said : List.of(Walking.FIRST_TURN, Walking.SECOND_TURN)) {
      history.add(UserMessage.from(said));
      AiMessage answer = read(model, history, new Walking.Heard(), false).aiMessage();
      history.add(answer);
      texts.add(answer.text());
    }
    return Map.of("texts", texts, "history", history.size());
  }

  static Map<String, Object> tools(Walking.Heard heard) throws Exception {
    ToolSpecification weather = ToolSpecification.builder()
        .name("get_weather")
        .description("Tells the weather in a city right now.")
        .parameters(JsonObjectSchema.builder().addStringProperty("city").required("city").build())
        .build();
    List<ChatMessage> messages = new ArrayList<>(List.of(UserMessage.from(Walking.WEATHER)));
    ChatModel model = model("signing");
    ChatRequest.Builder request = ChatRequest.builder().toolSpecifications(weather);
    AiMessage first = model.chat(request.messages(messages).build()).aiMessage();
    messages.add(first);
    List<String> asked = new ArrayList<>();
    for (ToolExecutionRequest call : first.toolExecutionRequests()) {
      String city = Walking.JSON.readTree(call.arguments()).get("city").asText();
      asked.add(city);
      messages.add(ToolExecutionResultMessage.from(call, "22 degrees in " + city));
    }
    AiMessage second = model.chat(request.messages(messages).build()).aiMessage();
    return Map.of("asked", asked, "text", second.text());
  }

  static Map<String, Object> structured(Walking.Heard heard) throws Exception {
    JsonObjectSchema recipe = JsonObjectSchema.builder()
        .addStringProperty("name")
        .addIntegerProperty("servings")
        .addProperty("ingredients", JsonArraySchema.builder().items(new JsonStringSchema()).build())
        .required("name", "servings", "ingredients")
        .build();
    ResponseFormat format = ResponseFormat.builder()
        .type(ResponseFormatType.JSON)
        .jsonSchema(JsonSchema.builder().name("Recipe").rootElement(recipe).build())
        .build();
    ChatRequest request =
        ChatRequest.builder().messages(UserMessage.from(Walking.RECIPE)).responseFormat(format).build();
    return Map.of("recipe", Walking.JSON.readTree(model("plain").chat(request).aiMessage().text()));
  }

  static Map<String, Object> image(Walking.Heard heard) {
    ImageContent picture = ImageContent.from(Walking.PLAN.get("image").asText(), "image/png");
    UserMessage question = UserMessage.from(picture, TextContent.from("What is in this picture?"));
    return Map.of("text", model("plain").chat(question).aiMessage().text());
  }

  static Map<String, Object> count(Walking.Heard heard) {
    GoogleAiGeminiTokenCountEstimator counter = GoogleAiGeminiTokenCountEstimator.builder()
        .apiKey(KEY)
        .baseUrl(URL)
        .modelName(Walking.model("plain"))
        .maxRetries(0)
        .build();
    UserMessage question = UserMessage.from(Walking.PROMPT);
    int prompt = model("plain").chat(question).tokenUsage().inputTokenCount();
    return Map.of("total", counter.estimateTokenCountInMessage(question), "prompt", prompt);
  }

  static Map<String, Object> listModels(Walking.Heard heard) {
    List<String> names = new ArrayList<>();
    for (ModelDescription model : GoogleAiGeminiModelCatalog.builder().apiKey(KEY).baseUrl(URL).build().listModels()) {
      names.add("models/" + model.name());
    }
    return Map.of("names", names);
  }

  static Map<String, Object> leave(Walking.Heard heard) throws Exception {
    read(newStreamingModel(KEY, Walking.model("leave")), List.of(UserMessage.from(Walking.PROMPT)), heard, true);
    return Map.of();
  }

  static Map<String, Object> late(Walking.Heard heard) {
    newModel(KEY, Walking.model("late"), 2_000).chat(UserMessage.from(Walking.PROMPT));
    return Map.of();
  }

  static void tried(String key, String model, Walking.Heard heard) {
    newModel(key, model, 20_000).chat(UserMessage.from(Walking.PROMPT));
  }

  static void triedStream(String key, String model, Walking.Heard heard) throws Exception {
    read(newStreamingModel(key, model), List.of(UserMessage.from(Walking.PROMPT)), heard, false);
  }

  /** Its own exceptions have no code; the HTTP client's below them has. */
  static Integer code(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof HttpException) {
        return ((HttpException) cause).statusCode();
      }
    }
    return null;
  }

  public static void main(String[] arguments) throws Exception {
    Map<String, Walking.Step> steps = new LinkedHashMap<>();
    steps.put("generate", LangChain::generate);
    steps.put("stream", LangChain::stream);
    steps.put("chat", LangChain::chat);
    steps.put("chat_stream", LangChain::chatStream);
    steps.put("tools", LangChain::tools);
    steps.put("structured", LangChain::structured);
    steps.put("image", LangChain::image);
    steps.put("count", LangChain::count);
    steps.put("list_models", LangChain::listModels);
    steps.put("leave", LangChain::leave);
    steps.put("late", LangChain::late);
    Walking.walk(steps, LangChain::tried, LangChain::triedStream, LangChain::code);
  }
}
