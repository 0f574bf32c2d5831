// A user of Google's Go SDK.

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"google.golang.org/genai"
)

var ctx = context.Background()
var client = newClient(plan.Key, nil)

var weatherTool = &genai.Tool{FunctionDeclarations: []*genai.FunctionDeclaration{{
	Name:        "get_weather",
	Description: "Tells the weather in a city right now.",
	Parameters: &genai.Schema{
		Type:       genai.TypeObject,
		Properties: map[string]*genai.Schema{"city": {Type: genai.TypeString}},
		Required:   []string{"city"},
	},
}}}

var recipeSchema = &genai.Schema{
	Type: genai.TypeObject,
	Properties: map[string]*genai.Schema{
		"name":        {Type: genai.TypeString},
		"servings":    {Type: genai.TypeInteger},
		"ingredients": {Type: genai.TypeArray, Items: &genai.Schema{Type: genai.TypeString}},
	},
	Required: []string{"name", "servings", "ingredients"},
}

// Without a timeout as a rule: with one, versions of 2025 cut every stream short as soon as its head is there.
func newClient(key string, timeout *time.Duration) *genai.Client {
	made, err := genai.NewClient(ctx, &genai.ClientConfig{
		APIKey:      key,
		Backend:     genai.BackendGeminiAPI,
		HTTPOptions: genai.HTTPOptions{BaseURL: plan.URL, Timeout: timeout},
	})
	if err != nil {
		panic(err)
	}
	return made
}

func generate(*heard) (gave, error) {
	config := &genai.GenerateContentConfig{
		SystemInstruction: genai.NewContentFromText(instruction, genai.RoleUser),
		Temperature:       genai.Ptr[float32](0.5),
	}
	response, err := client.Models.GenerateContent(ctx, plan.Models["plain"], genai.Text(prompt), config)
	if err != nil {
		return nil, err
	}
	finish := response.Candidates[0].FinishReason
	return gave{"text": response.Text(), "finish": finish, "version": response.ModelVersion}, nil
}

func stream(said *heard) (gave, error) {
	finish := genai.FinishReason("")
	for chunk, err := range client.Models.GenerateContentStream(ctx, plan.Models["slow"], genai.Text(prompt), nil) {
		if err != nil {
			return nil, err
		}
		said.piece(chunk.Text())
		if len(chunk.Candidates) > 0 {
			finish = chunk.Candidates[0].FinishReason
		}
	}
	return gave{"finish": finish}, nil
}

func chat(*heard) (gave, error) {
	conversation, err := client.Chats.Create(ctx, plan.Models["plain"], nil, nil)
	if err != nil {
		return nil, err
	}
	texts := []string{}
	for _, said := range []string{firstTurn, secondTurn} {
		response, err := conversation.SendMessage(ctx, genai.Part{Text: said})
		if err != nil {
			return nil, err
		}
		texts = append(texts, response.Text())
	}
	return gave{"texts": texts, "history": len(conversation.History(true))}, nil
}

func chatStream(*heard) (gave, error) {
	conversation, err := client.Chats.Create(ctx, plan.Models["plain"], nil, nil)
	if err != nil {
		return nil, err
	}
	texts := []string{}
	for _, said := range []string{firstTurn, secondTurn} {
		text := ""
		for chunk, err := range conversation.SendMessageStream(ctx, genai.Part{Text: said}) {
			if err != nil {
				return nil, err
			}
			text += chunk.Text()
		}
		texts = append(texts, text)
	}
	return gave{"texts": texts, "history": len(conversation.History(true))}, nil
}

func tools(*heard) (gave, error) {
	config := &genai.GenerateContentConfig{Tools: []*genai.Tool{weatherTool}}
	contents := genai.Text(weather)
	first, err := client.Models.GenerateContent(ctx, plan.Models["signing"], contents, config)
	if err != nil {
		return nil, err
	}
	asked := []any{}
	answers := &genai.Content{Role: genai.RoleUser}
	for _, call := range first.FunctionCalls() {
		asked = append(asked, call.Args["city"])
		result := map[string]any{"weather": fmt.Sprintf("22 degrees in %v", call.Args["city"])}
		response := &genai.FunctionResponse{ID: call.ID, Name: call.Name, Response: result}
		answers.Parts = append(answers.Parts, &genai.Part{FunctionResponse: response})
	}
	contents = append(contents, first.Candidates[0].Content, answers)
	second, err := client.Models.GenerateContent(ctx, plan.Models["signing"], contents, config)
	if err != nil {
		return nil, err
	}
	return gave{"asked": asked, "text": second.Text()}, nil
}

func structured(*heard) (gave, error) {
	config := &genai.GenerateContentConfig{ResponseMIMEType: "application/json", ResponseSchema: recipeSchema}
	response, err := client.Models.GenerateContent(ctx, plan.Models["plain"], genai.Text(recipe), config)
	if err != nil {
		return nil, err
	}
	var parsed map[string]any
	err = json.Unmarshal([]byte(response.Text()), &parsed)
	return gave{"recipe": parsed}, err
}

func image(*heard) (gave, error) {
	parts := []*genai.Part{
		genai.NewPartFromBytes(plan.Image, "image/png"),
		genai.NewPartFromText("What is in this picture?"),
	}
	contents := []*genai.Content{genai.NewContentFromParts(parts, genai.RoleUser)}
	response, err := client.Models.GenerateContent(ctx, plan.Models["plain"], contents, nil)
	if err != nil {
		return nil, err
	}
	return gave{"text": response.Text()}, nil
}

func count(*heard) (gave, error) {
	counted, err := client.Models.CountTokens(ctx, plan.Models["plain"], genai.Text(prompt), nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Models.GenerateContent(ctx, plan.Models["plain"], genai.Text(prompt), nil)
	if err != nil {
		return nil, err
	}
	return gave{"total": counted.TotalTokens, "prompt": response.UsageMetadata.PromptTokenCount}, nil
}

func listModels(*heard) (gave, error) {
	page, err := client.Models.List(ctx, &genai.ListModelsConfig{PageSize: 3})
	firstPage, names := len(page.Items), []string{}
	for err == nil {
		for _, model := range page.Items {
			names = append(names, model.Name)
		}
		page, err = page.Next(ctx)
	}
	if !errors.Is(err, genai.ErrPageDone) {
		return nil, err
	}
	return gave{"first_page": firstPage, "names": names}, nil
}

func getModel(*heard) (gave, error) {
	model, err := client.Models.Get(ctx, plan.Models["plain"], nil)
	if err != nil {
		return nil, err
	}
	return gave{"name": model.Name, "input": model.InputTokenLimit, "output": model.OutputTokenLimit}, nil
}

func leave(said *heard) (gave, error) {
	cancellable, cancel := context.WithCancel(ctx)
	defer cancel()
	for chunk, err := range client.Models.GenerateContentStream(cancellable, plan.Models["leave"], genai.Text(prompt), nil) {
		if err != nil {
			return nil, err
		}
		said.piece(chunk.Text())
		cancel()
		break
	}
	return gave{}, nil
}

func late(*heard) (gave, error) {
	hasty := newClient(plan.Key, genai.Ptr(2*time.Second))
	_, err := hasty.Models.GenerateContent(ctx, plan.Models["late"], genai.Text(prompt), nil)
	return gave{}, err
}

func tried(one trial) step {
	return func(*heard) (gave, error) {
		_, err := newClient(one.Key, nil).Models.GenerateContent(ctx, one.Model, genai.Text(prompt), nil)
		return nil, err
	}
}

func triedStream(one trial) step {
	return func(said *heard) (gave, error) {
		caller := newClient(one.Key, nil)
		for chunk, err := range caller.Models.GenerateContentStream(ctx, one.Model, genai.Text(prompt), nil) {
			if err != nil {
				return nil, err
			}
			said.piece(chunk.Text())
		}
		return nil, nil
	}
}

func described(err error) map[string]any {
	told := map[string]any{"type": fmt.Sprintf("%T", err), "code": nil, "status": nil}
	var refused genai.APIError
	if errors.As(err, &refused) {
		told["type"], told["code"], told["status"] = fmt.Sprintf("%T", refused), refused.Code, refused.Status
	}
	told["message"], told["traceback"] = err.Error(), fmt.Sprintf("%T: %v", err, err)
	return told
}

func main() {
	if len(os.Args) > 1 {
		keep()
		return
	}
	steps := map[string]step{
		"generate": generate, "stream": stream, "chat": chat, "chat_stream": chatStream, "tools": tools,
		"structured": structured, "image": image, "count": count, "list_models": listModels, "get_model": getModel,
		"leave": leave, "late": late,
	}
	for name, one := range plan.Trials {
		if one.Stream {
			steps[name] = triedStream(one)
		} else {
			steps[name] = tried(one)
		}
	}
	walk(steps, described)
}
