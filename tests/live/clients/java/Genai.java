import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableMap;
import com.google.genai.Chat;
import com.google.genai.Client;
import com.google.genai.Pager;
import com.google.genai.ResponseStream;
import com.google.genai.errors.ApiException;
import com.google.genai.types.Content;
import com.google.genai.types.FunctionCall;
import com.google.genai.types.FunctionDeclaration;
import com.google.genai.types.FunctionResponse;
import com.google.genai.types.GenerateContentConfig;
import com.google.genai.types.GenerateContentResponse;
import com.google.genai.types.HttpOptions;
import com.google.genai.types.HttpRetryOptions;
import com.google.genai.types.ListModelsConfig;
import com.google.genai.types.Model;
import com.google.genai.types.Part;
import com.google.genai.types.Schema;
import com.google.genai.types.Tool;
import com.google.genai.types.Type;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A user of Google's Java SDK. */
final class Genai {
  static final GenerateContentConfig NOTHING_SPECIAL = GenerateContentConfig.builder().build();
  static final Client CLIENT = newClient(Walking.PLAN.get("key").asText(), 20_000);

  static Client newClient(String key, int milliseconds) {
    // By itself it sends a refused call five times, over twenty seconds.
    HttpRetryOptions once = HttpRetryOptions.builder().attempts(1).build();
    HttpOptions options = HttpOptions.builder()
        .baseUrl(Walking.PLAN.get("url").asText())
        .timeout(milliseconds)
        .retryOptions(once)
        .build();
    return Client.builder().apiKey(key).httpOptions(options).build();
  }

  static Schema text() {
    return Schema.builder().type(Type.Known.STRING).build();
  }

  static Map<String, Object> generate(Walking.Heard heard) {
    GenerateContentConfig config = GenerateContentConfig.builder()
        .systemInstruction(Content.fromParts(Part.fromText(Walking.INSTRUCTION)))
        .temperature(0.5f)
        .build();
    GenerateContentResponse response =
        CLIENT.models.generateContent(Walking.model("plain"), Walking.PROMPT, config);
    return Map.of(
        "text", response.text(),
        "finish", response.finishReason().toString(),
        "version", response.modelVersion().get());
  }

  static Map<String, Object> stream(Walking.Heard heard) {
    String finish = null;
    try (ResponseStream<GenerateContentResponse> chunks =
        CLIENT.models.generateContentStream(Walking.model("slow"), Walking.PROMPT, NOTHING_SPECIAL)) {
      for (GenerateContentResponse chunk : chunks) {
        heard.piece(chunk.text());
        finish = chunk.candidates().get().get(0).finishReason().map(Object::toString).orElse(finish);
      }
    }
    return Map.of("finish", finish);
  }

  static Map<String, Object> chat(Walking.Heard heard) {
    Chat conversation = CLIENT.chats.create(Walking.model("plain"));
    List<String> texts = new ArrayList<>();
    for (String said : List.of(Walking.FIRST_TURN, Walking.SECOND_TURN)) {
      texts.add(conversation.sendMessage(said).text());
    }
    return Map.of("texts", texts, "history", conversation.getHistory(true).size());
  }

  static Map<String, Object> chatStream(Walking.Heard heard) {
    Chat conversation = CLIENT.chats.create(Walking.model("plain"));
    List<String> texts = new ArrayList<>();
    for (String said : List.of(Walking.FIRST_TURN, Walking.SECOND_TURN)) {
      StringBuilder text = new StringBuilder();
      for (GenerateContentResponse chunk : conversation.sendMessageStream(said)) {
        text.append(chunk.text() == null ? "" : chunk.text());
      }
      texts.add(text.toString());
    }
    return Map.of("texts", texts, "history", conversation.getHistory(true).size());
  }

  static Map<String, Object> tools(Walking.Heard heard) {
    Schema city = Schema.builder()
        .type(Type.Known.OBJECT)
        .properties(ImmutableMap.of("city", text()))
        .required("city")
        .build();
    FunctionDeclaration weather = FunctionDeclaration.builder()
        .name("get_weather")
        .description("Tells the weather in a city right now.")
        .parameters(city)
        .build();
    GenerateContentConfig config =
        GenerateContentConfig.builder().tools(Tool.builder().functionDeclarations(weather).build()).build();
    List<Content> contents = new ArrayList<>();
    contents.add(Content.builder().role("user").parts(Part.fromText(Walking.WEATHER)).build());
    GenerateContentResponse first = CLIENT.models.generateContent(Walking.model("signing"), contents, config);
    List<Object> asked = new ArrayList<>();
    List<Part> answers = new ArrayList<>();
    for (FunctionCall call : first.functionCalls()) {
      Object where = call.args().get().get("city");
      asked.add(where);
      FunctionResponse.Builder answer = FunctionResponse.builder()
          .name(call.name().get())
          .response(Map.of("weather", "22 degrees in " + where));
      call.id().ifPresent(answer::id);
      answers.add(Part.builder().functionResponse(answer.build()).build());
    }
    contents.add(first.candidates().get().get(0).content().get());
    contents.add(Content.builder().role("user").parts(answers).build());
    GenerateContentResponse second = CLIENT.models.generateContent(Walking.model("signing"), contents, config);
    return Map.of("asked", asked, "text", second.text());
  }

  static Map<String, Object> structured(Walking.Heard heard) throws Exception {
    Schema texts = Schema.builder().type(Type.Known.ARRAY).items(text()).build();
    Schema number = Schema.builder().type(Type.Known.INTEGER).build();
    Schema recipe = Schema.builder()
        .type(Type.Known.OBJECT)
        .properties(ImmutableMap.of("name", text(), "servings", number, "ingredients", texts))
        .required("name", "servings", "ingredients")
        .build();
    GenerateContentConfig config = GenerateContentConfig.builder()
        .responseMimeType("application/json")
        .responseSchema(recipe)
        .build();
    GenerateContentResponse response =
        CLIENT.models.generateContent(Walking.model("plain"), Walking.RECIPE, config);
    return Map.of("recipe", Walking.JSON.readTree(response.text()));
  }

  static Map<String, Object> image(Walking.Heard heard) {
    byte[] picture = Base64.getDecoder().decode(Walking.PLAN.get("image").asText());
    Content content = Content.builder()
        .role("user")
        .parts(Part.fromBytes(picture, "image/png"), Part.fromText("What is in this picture?"))
        .build();
    GenerateContentResponse response =
        CLIENT.models.generateContent(Walking.model("plain"), content, NOTHING_SPECIAL);
    return Map.of("text", response.text());
  }

  static Map<String, Object> count(Walking.Heard heard) {
    int total = CLIENT.models.countTokens(Walking.model("plain"), Walking.PROMPT, null).totalTokens().get();
    GenerateContentResponse response =
        CLIENT.models.generateContent(Walking.model("plain"), Walking.PROMPT, NOTHING_SPECIAL);
    return Map.of("total", total, "prompt", response.usageMetadata().get().promptTokenCount().get());
  }

  static Map<String, Object> listModels(Walking.Heard heard) {
    Pager<Model> pager = CLIENT.models.list(ListModelsConfig.builder().pageSize(3).build());
    int firstPage = pager.page().size();
    List<String> names = new ArrayList<>();
    for (Model model : pager) {
      names.add(model.name().get());
    }
    return Map.of("first_page", firstPage, "names", names);
  }

  static Map<String, Object> getModel(Walking.Heard heard) {
    Model model = CLIENT.models.get(Walking.model("plain"), null);
    return Map.of(
        "name", model.name().get(),
        "input", model.inputTokenLimit().get(),
        "output", model.outputTokenLimit().get());
  }

  static Map<String, Object> leave(Walking.Heard heard) {
    try (ResponseStream<GenerateContentResponse> chunks =
        CLIENT.models.generateContentStream(Walking.model("leave"), Walking.PROMPT, NOTHING_SPECIAL)) {
      heard.piece(chunks.iterator().next().text());
    }
    return Map.of();
  }

  static Map<String, Object> late(Walking.Heard heard) {
    newClient(Walking.PLAN.get("key").asText(), 2_000)
        .models.generateContent(Walking.model("late"), Walking.PROMPT, NOTHING_SPECIAL);
    return Map.of();
  }

  static void tried(String key, String model, Walking.Heard heard) {
    newClient(key, 20_000).models.generateContent(model, Walking.PROMPT, NOTHING_SPECIAL);
  }

  static void triedStream(String key, String model, Walking.Heard heard) {
    try (ResponseStream<GenerateContentResponse> chunks =
        newClient(key, 20_000).models.generateContentStream(model, Walking.PROMPT, NOTHING_SPECIAL)) {
      for (GenerateContentResponse chunk : chunks) {
        heard.piece(chunk.text());
      }
    }
  }

  public static void main(String[] arguments) throws Exception {
    Map<String, Walking.Step> steps = new LinkedHashMap<>();
    steps.put("generate", Genai::generate);
    steps.put("stream", Genai::stream);
    steps.put("chat", Genai::chat);
    steps.put("chat_stream", Genai::chatStream);
    steps.put("tools", Genai::tools);
    steps.put("structured", Genai::structured);
    steps.put("image", Genai::image);
    steps.put("count", Genai::count);
    steps.put("list_models", Genai::listModels);
    steps.put("get_model", Genai::getModel);
    steps.put("leave", Genai::leave);
    steps.put("late", Genai::late);
    Walking.walk(
        steps,
        Genai::tried,
        Genai::triedStream,
        error -> error instanceof ApiException ? ((ApiException) error).code() : null);
  }
}
