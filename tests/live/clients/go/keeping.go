// The user of ../python/keeping.py with Google's Go SDK.

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"time"

	"google.golang.org/genai"
)

const (
	question = "How long does the warranty last?"
	capital  = "What is the capital of France?"
)

func must[T any](made T, err error) T {
	if err != nil {
		panic(err)
	}
	return made
}

func told(outcome gave) {
	fmt.Println(string(must(json.Marshal(outcome))))
}

func uploaded(path, name, kind string) *genai.File {
	return must(client.Files.UploadFromPath(ctx, path, &genai.UploadFileConfig{Name: name, MIMEType: kind}))
}

func answered(contents []*genai.Content, config *genai.GenerateContentConfig) *genai.GenerateContentResponse {
	return must(client.Models.GenerateContent(ctx, plan.Model, contents, config))
}

func keep() {
	first, second := uploaded(plan.Files[0], "", "text/plain"), uploaded(plan.Files[1], "", "text/plain")
	large := uploaded(plan.Large, "", "application/octet-stream")
	chosen := uploaded(plan.Files[0], plan.Chosen, "text/plain")
	both := answered([]*genai.Content{genai.NewContentFromParts([]*genai.Part{
		genai.NewPartFromURI(first.URI, first.MIMEType),
		genai.NewPartFromURI(second.URI, second.MIMEType),
		genai.NewPartFromText(question),
	}, genai.RoleUser)}, nil)
	texts := append(genai.Text(question), genai.Text(capital)...)
	embedded := must(client.Models.EmbedContent(ctx, plan.Embedding, texts, nil))
	cache := must(client.Caches.Create(ctx, plan.Model, &genai.CreateCachedContentConfig{
		Contents: genai.Text(plan.Manual), TTL: 600 * time.Second,
	}))
	requests := &genai.BatchJobSource{FileName: uploaded(plan.Requests, "", "application/jsonl").Name}
	batch := must(client.Batches.Create(ctx, plan.Model, requests, nil))
	store := must(client.FileSearchStores.Create(ctx, &genai.CreateFileSearchStoreConfig{DisplayName: "manuals"}))
	operation := must(client.FileSearchStores.ImportFile(ctx, store.Name, first.Name, nil))
	vectors := []int{}
	for _, embedding := range embedded.Embeddings {
		vectors = append(vectors, len(embedding.Values))
	}
	told(gave{
		"names":   []string{first.Name, second.Name, large.Name, cache.Name, batch.Name, store.Name},
		"large":   []any{*large.SizeBytes, large.Sha256Hash, large.URI},
		"chosen":  chosen.Name,
		"both":    both.Text(),
		"vectors": vectors,
	})
	input := bufio.NewReader(os.Stdin)
	must(input.ReadString('\n'))

	again := must(client.Files.Get(ctx, first.Name, nil))
	cached := answered(genai.Text(capital), &genai.GenerateContentConfig{CachedContent: cache.Name})
	for batch.State != genai.JobStateSucceeded && batch.State != genai.JobStateFailed {
		time.Sleep(100 * time.Millisecond)
		batch = must(client.Batches.Get(ctx, batch.Name, nil))
	}
	results := genai.NewDownloadURIFromFile(&genai.File{DownloadURI: batch.Dest.FileName})
	answers := must(client.Files.Download(ctx, results, nil))
	for !operation.Done {
		time.Sleep(100 * time.Millisecond)
		operation = must(client.Operations.GetImportFileOperation(ctx, operation, nil))
	}
	search := &genai.Tool{FileSearch: &genai.FileSearch{FileSearchStoreNames: []string{store.Name}}}
	found := answered(genai.Text(question), &genai.GenerateContentConfig{Tools: []*genai.Tool{search}})
	listed := []string{}
	page, err := client.Files.List(ctx, &genai.ListFilesConfig{PageSize: 20})
	for ; err == nil; page, err = page.Next(ctx) {
		for _, file := range page.Items {
			listed = append(listed, file.Name)
		}
	}
	if !errors.Is(err, genai.ErrPageDone) {
		panic(err)
	}
	sort.Strings(listed)
	told(gave{
		"file":   []any{again.Name, again.State},
		"cached": cached.UsageMetadata.CachedContentTokenCount,
		"batch":  string(answers),
		"store":  found.Text(),
		"listed": listed,
	})
	must(input.ReadString('\n'))

	must(client.Files.Delete(ctx, second.Name, nil))
	_, err = client.Files.Get(ctx, second.Name, nil)
	var refused genai.APIError
	errors.As(err, &refused)
	told(gave{"deleted": refused.Code})
}
