import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * What every Java client has in common: handed a plan, it walks through its steps and tells how each one went. Plan and
 * outcomes are those of ../python/walking.py.
 */
final class Walking {
  static final String INSTRUCTION = "You are a terse assistant.";
  static final String PROMPT = "Count to 20, please.";
  static final String FIRST_TURN = "Hello, my name is Zoe.";
  static final String SECOND_TURN = "What is my name?";
  static final String WEATHER = "What is the weather in Paris right now?";
  static final String RECIPE = "Write down a recipe for pancakes.";
  static final ObjectMapper JSON = new ObjectMapper();
  static final JsonNode PLAN = plan();

  interface Step {
    Map<String, Object> take(Heard heard) throws Exception;
  }

  interface Trial {
    void take(String key, String model, Heard heard) throws Exception;
  }

  /** The pieces of one stream as they came; events without text are no news to a reader. */
  static final class Heard {
    final List<String> pieces = new ArrayList<>();
    final List<Double> at = new ArrayList<>();

    synchronized void piece(String text) {
      if (text != null && !text.isEmpty()) {
        pieces.add(text);
        at.add(System.nanoTime() / 1e9);
      }
    }
  }

  private Walking() {}

  private static JsonNode plan() {
    try {
      return JSON.readTree(System.in);
    } catch (java.io.IOException error) {
      throw new java.io.UncheckedIOException(error);
    }
  }

  static String model(String part) {
    return PLAN.get("models").get(part).asText();
  }

  /** `code` tells the status an exception of this SDK carries, or null. */
  static void walk(Map<String, Step> ordinary, Trial tried, Trial triedStream, Function<Throwable, Integer> code)
      throws Exception {
    Map<String, Step> steps = new LinkedHashMap<>(ordinary);
    PLAN.get("trials").fields().forEachRemaining(entry -> {
      JsonNode one = entry.getValue();
      Trial trial = one.get("stream").asBoolean() ? triedStream : tried;
      steps.put(entry.getKey(), heard -> {
        trial.take(one.get("key").asText(), one.get("model").asText(), heard);
        return null;
      });
    });
    Map<String, Object> told = new LinkedHashMap<>();
    for (Map.Entry<String, Step> step : steps.entrySet()) {
      Heard heard = new Heard();
      Map<String, Object> outcome = new HashMap<>();
      try {
        outcome.put("gave", step.getValue().take(heard));
      } catch (Exception error) {
        outcome.put("raised", described(error, code.apply(error)));
      }
      outcome.put("pieces", heard.pieces);
      outcome.put("at", heard.at);
      told.put(step.getKey(), outcome);
    }
    System.out.println(JSON.writeValueAsString(told));
    System.exit(0); // the SDKs' threads would keep the process for a while
  }

  private static Map<String, Object> described(Exception error, Integer code) {
    StringWriter trace = new StringWriter();
    error.printStackTrace(new PrintWriter(trace));
    Map<String, Object> told = new HashMap<>();
    told.put("type", error.getClass().getName());
    told.put("code", code);
    told.put("status", null);
    told.put("message", String.valueOf(error.getMessage()));
    told.put("traceback", trace.toString());
    return told;
  }
}
