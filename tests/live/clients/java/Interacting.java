import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.genai.Client;
import com.google.genai.gaos.Interactions;
import com.google.genai.gaos.models.errors.GaosClientException;
import com.google.genai.gaos.models.interactions.CreateModelInteraction;
import com.google.genai.gaos.models.interactions.Interaction;
import com.google.genai.gaos.models.interactions.InteractionCompletedEvent;
import com.google.genai.gaos.models.interactions.InteractionCreatedEvent;
import com.google.genai.gaos.models.interactions.InteractionSSEEvent;
import com.google.genai.gaos.models.interactions.InteractionSSEStreamEvent;
import com.google.genai.gaos.models.interactions.InteractionStatusUpdate;
import com.google.genai.gaos.models.interactions.InteractionsInput;
import com.google.genai.gaos.models.interactions.StepDelta;
import com.google.genai.gaos.models.interactions.StepStart;
import com.google.genai.gaos.models.interactions.StepStop;
import com.google.genai.gaos.models.interactions.TextDelta;
import com.google.genai.gaos.models.operations.CreateInteractionRequestBody;
import com.google.genai.gaos.models.operations.CreateInteractionResponse;
import com.google.genai.gaos.models.operations.GetInteractionByIdRequest;
import com.google.genai.gaos.utils.EventStream;
import com.google.genai.gaos.utils.RetryConfig;
import com.google.genai.types.HttpOptions;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;

/** The user of ../python/interacting.py with Google's Java SDK. */
final class Interacting {
  static final ObjectMapper JSON = new ObjectMapper();

  /** What a stream has told, and the class of the error that it ended with. */
  static final class Heard {
    public String id = "";
    public String text = "";
    public List<String> events = new ArrayList<>();
    public String raised = "";

    void add(InteractionSSEEvent event) {
      if (event instanceof InteractionCreatedEvent) {
        id = ((InteractionCreatedEvent) event).interaction().get().id().get();
      }
      if (event instanceof StepDelta && ((StepDelta) event).delta().get() instanceof TextDelta) {
        text += ((TextDelta) ((StepDelta) event).delta().get()).text().get();
      }
      idOf(event).ifPresent(events::add);
    }

    static Optional<String> idOf(InteractionSSEEvent event) {
      if (event instanceof InteractionCreatedEvent) return ((InteractionCreatedEvent) event).eventId();
      if (event instanceof InteractionStatusUpdate) return ((InteractionStatusUpdate) event).eventId();
      if (event instanceof StepStart) return ((StepStart) event).eventId();
      if (event instanceof StepDelta) return ((StepDelta) event).eventId();
      if (event instanceof StepStop) return ((StepStop) event).eventId();
      if (event instanceof InteractionCompletedEvent) return ((InteractionCompletedEvent) event).eventId();
      return Optional.empty();
    }
  }

  static Heard heard(Callable<EventStream<InteractionSSEStreamEvent>> call) {
    Heard told = new Heard();
    try (EventStream<InteractionSSEStreamEvent> stream = call.call()) {
      for (InteractionSSEStreamEvent event : stream) {
        event.data().ifPresent(told::add);
      }
    } catch (Exception error) {
      told.raised = error.getClass().getSimpleName();
    }
    return told;
  }

  /** The class of the error, its status and code, and for how many seconds it says to wait. */
  static List<Object> refusal(Callable<?> call) throws Exception {
    try {
      call.call();
    } catch (GaosClientException error) {
      String code = JSON.readTree(error.bodyAsString().get()).get("error").get("code").asText();
      int seconds = Integer.parseInt(error.headers().first("retry-after").orElse("0"));
      return List.of(error.getClass().getSimpleName(), error.code(), code, seconds);
    }
    return List.of();
  }

  static CreateModelInteraction.Builder asked(String model, String previous) {
    String input = previous == null ? "Hello" : "Again";
    CreateModelInteraction.Builder asked =
        CreateModelInteraction.builder().model(model).input(InteractionsInput.of(input));
    return previous == null ? asked : asked.previousInteractionId(previous);
  }

  static CreateInteractionRequestBody body(CreateModelInteraction.Builder asked) {
    return CreateInteractionRequestBody.of(asked.build());
  }

  static Heard streamed(Interactions at, String model, String previous) {
    return heard(() -> at.create(body(asked(model, previous).stream(true))).events());
  }

  static Interactions client(JsonNode plan, String url, String key) {
    HttpOptions options = HttpOptions.builder().baseUrl(plan.get(url).asText()).timeout(60_000).build();
    return Client.builder().apiKey(plan.get(key).asText()).httpOptions(options).build().interactions;
  }

  static void tell(String name, Map<String, Object> outcome) throws Exception {
    System.out.println(JSON.writeValueAsString(Map.of(name, outcome)));
    System.out.flush();
  }

  public static void main(String[] arguments) throws Exception {
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
    JsonNode plan = JSON.readTree(input.readLine());
    String name = plan.get("clients").fieldNames().next();
    String model = plan.get("model").asText();
    String suffix = "-" + plan.get("clients").get(name).asText();
    String foreign = plan.get("foreign").asText();
    Interactions here = client(plan, "url", "key");
    Interactions there = client(plan, "other", "key");
    Interactions passing = client(plan, "url", "passing");

    Heard first = streamed(here, model, null);
    Heard second = streamed(there, model, first.id);
    Interaction plain = here.create(body(asked("plain" + suffix, null))).interaction().get();
    String job = passing.create(body(asked(model, null).background(true))).interaction().get().id().get();
    GetInteractionByIdRequest rest =
        GetInteractionByIdRequest.builder().id(first.id).stream(true).lastEventId(first.events.get(2)).build();
    List<Heard> cuts = new ArrayList<>();
    for (int number = 0; number < plan.get("cuts").asInt(); number++) {
      cuts.add(streamed(here, "cut-" + number + suffix, null));
    }
    // Between two tries it sleeps as long as an answer says: here it tells how long that is.
    Callable<CreateInteractionResponse> once =
        () -> here.create()
            .body(body(asked("spent" + suffix, first.id)))
            .retryConfig(RetryConfig.noRetries())
            .call();
    tell(name, Map.of(
        "turns", List.of(first, second),
        "resumed", heard(() -> here.get(rest).events()),
        "dropped", streamed(here, "dropped" + suffix, null),
        "hop", streamed(here, "hop" + suffix, null),
        "loose", heard(() -> here.create(body(asked("loose" + suffix, null).stream(true).store(false))).events()),
        "plain", List.of(plain.status().get().value(), plain.outputText().get()),
        "cuts", cuts,
        "foreign", List.of(
            refusal(() -> here.get(GetInteractionByIdRequest.builder().id(foreign).build())),
            refusal(() -> here.create(body(asked(model, foreign))))),
        "spent", refusal(once),
        "job", job));
    input.readLine();

    tell(name, Map.of(
        "third", streamed(here, model, second.id),
        "expired", refusal(() -> passing.get(GetInteractionByIdRequest.builder().id(job).build()))));
    System.exit(0); // the SDK's threads would keep the process for a while
  }
}
