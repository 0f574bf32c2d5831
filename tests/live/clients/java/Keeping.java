import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.genai.Client;
import com.google.genai.errors.ApiException;
import com.google.genai.types.BatchJob;
import com.google.genai.types.BatchJobSource;
import com.google.genai.types.CachedContent;
import com.google.genai.types.Content;
import com.google.genai.types.ContentEmbedding;
import com.google.genai.types.CreateCachedContentConfig;
import com.google.genai.types.CreateFileSearchStoreConfig;
import com.google.genai.types.File;
import com.google.genai.types.FileSearch;
import com.google.genai.types.FileSearchStore;
import com.google.genai.types.GenerateContentConfig;
import com.google.genai.types.GenerateContentResponse;
import com.google.genai.types.HttpOptions;
import com.google.genai.types.ImportFileOperation;
import com.google.genai.types.JobState;
import com.google.genai.types.ListFilesConfig;
import com.google.genai.types.Part;
import com.google.genai.types.Tool;
import com.google.genai.types.UploadFileConfig;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** The user of ../python/keeping.py with Google's Java SDK. */
final class Keeping {
  static final String QUESTION = "How long does the warranty last?";
  static final String CAPITAL = "What is the capital of France?";
  static final ObjectMapper JSON = new ObjectMapper();

  static Content text(String said) {
    return Content.builder().role("user").parts(Part.fromText(said)).build();
  }

  static Part named(File file) {
    return Part.fromUri(file.uri().get(), file.mimeType().get());
  }

  static void tell(Map<String, Object> outcome) throws Exception {
    System.out.println(JSON.writeValueAsString(outcome));
    System.out.flush();
  }

  public static void main(String[] arguments) throws Exception {
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
    JsonNode plan = JSON.readTree(input.readLine());
    String model = plan.get("model").asText();
    HttpOptions options = HttpOptions.builder().baseUrl(plan.get("url").asText()).timeout(60_000).build();
    Client client = Client.builder().apiKey(plan.get("key").asText()).httpOptions(options).build();
    UploadFileConfig plain = UploadFileConfig.builder().mimeType("text/plain").build();

    String path = plan.get("files").get(0).asText();
    File first = client.files.upload(path, plain);
    File second = client.files.upload(plan.get("files").get(1).asText(), plain);
    File large = client.files.upload(
        plan.get("large").asText(), UploadFileConfig.builder().mimeType("application/octet-stream").build());
    File chosen = client.files.upload(
        path, UploadFileConfig.builder().mimeType("text/plain").name(plan.get("chosen").asText()).build());
    GenerateContentResponse both = client.models.generateContent(
        model, Content.fromParts(named(first), named(second), Part.fromText(QUESTION)), null);
    List<Integer> vectors = new ArrayList<>();
    for (ContentEmbedding embedding : client.models
        .embedContent(plan.get("embedding").asText(), List.of(QUESTION, CAPITAL), null).embeddings().get()) {
      vectors.add(embedding.values().get().size());
    }
    CachedContent cache = client.caches.create(
        model,
        CreateCachedContentConfig.builder()
            .contents(text(plan.get("manual").asText()))
            .ttl(Duration.ofSeconds(600))
            .build());
    File requests = client.files.upload(
        plan.get("requests").asText(), UploadFileConfig.builder().mimeType("application/jsonl").build());
    BatchJobSource source = BatchJobSource.builder().fileName(requests.name().get()).build();
    BatchJob batch = client.batches.create(model, source, null);
    FileSearchStore store =
        client.fileSearchStores.create(CreateFileSearchStoreConfig.builder().displayName("manuals").build());
    ImportFileOperation operation =
        client.fileSearchStores.importFile(store.name().get(), first.name().get(), null);
    tell(Map.of(
        "names",
        List.of(
            first.name().get(), second.name().get(), large.name().get(), cache.name().get(), batch.name().get(),
            store.name().get()),
        "large", List.of(large.sizeBytes().get(), large.sha256Hash().get(), large.uri().get()),
        "chosen", chosen.name().get(),
        "both", both.text(),
        "vectors", vectors));
    input.readLine();

    File again = client.files.get(first.name().get(), null);
    GenerateContentResponse cached = client.models.generateContent(
        model, CAPITAL, GenerateContentConfig.builder().cachedContent(cache.name().get()).build());
    while (batch.state().get().knownEnum() != JobState.Known.JOB_STATE_SUCCEEDED) {
      Thread.sleep(100);
      batch = client.batches.get(batch.name().get(), null);
    }
    Path results = Path.of(plan.get("results").asText());
    client.files.download(batch.dest().get().fileName().get(), results.toString(), null);
    while (!operation.done().orElse(false)) {
      Thread.sleep(100);
      operation = client.operations.get(operation, null);
    }
    FileSearch search = FileSearch.builder().fileSearchStoreNames(store.name().get()).build();
    GenerateContentResponse found = client.models.generateContent(
        model, QUESTION, GenerateContentConfig.builder().tools(Tool.builder().fileSearch(search).build()).build());
    List<String> listed = new ArrayList<>();
    for (File file : client.files.list(ListFilesConfig.builder().pageSize(20).build())) {
      listed.add(file.name().get());
    }
    Collections.sort(listed);
    tell(Map.of(
        "file", List.of(again.name().get(), again.state().get().toString()),
        "cached", cached.usageMetadata().get().cachedContentTokenCount().get(),
        "batch", Files.readString(results),
        "store", found.text(),
        "listed", listed));
    input.readLine();

    client.files.delete(second.name().get(), null);
    int deleted = 0;
    try {
      client.files.get(second.name().get(), null);
    } catch (ApiException error) {
      deleted = error.code();
    }
    tell(Map.of("deleted", deleted));
    System.exit(0); // the SDK's threads would keep the process for a while
  }
}
