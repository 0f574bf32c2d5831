// What every Go client has in common: handed a plan, it walks through its steps and tells how each one went.
// Plan and outcomes are those of ../python/walking.py.

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

const (
	instruction = "You are a terse assistant."
	prompt      = "Count to 20, please."
	firstTurn   = "Hello, my name is Zoe."
	secondTurn  = "What is my name?"
	weather     = "What is the weather in Paris right now?"
	recipe      = "Write down a recipe for pancakes."
)

type trial struct {
	Key    string `json:"key"`
	Model  string `json:"model"`
	Stream bool   `json:"stream"`
}

type errand struct {
	URL    string            `json:"url"`
	Key    string            `json:"key"`
	Models map[string]string `json:"models"`
	Trials map[string]trial  `json:"trials"`
	Image  []byte            `json:"image"`

	// Those of ../python/keeping.py.
	Model     string   `json:"model"`
	Embedding string   `json:"embedding"`
	Files     []string `json:"files"`
	Large     string   `json:"large"`
	Chosen    string   `json:"chosen"`
	Manual    string   `json:"manual"`
	Requests  string   `json:"requests"`
}

// The pieces of one stream as they came; events without text are no news to a reader.
type heard struct {
	pieces []string
	at     []float64
}

func (h *heard) piece(text string) {
	if text != "" {
		h.pieces = append(h.pieces, text)
		h.at = append(h.at, time.Since(started).Seconds())
	}
}

type gave map[string]any
type step func(*heard) (gave, error)

var started = time.Now()
var plan = readPlan()

func readPlan() (read errand) {
	if err := json.NewDecoder(os.Stdin).Decode(&read); err != nil {
		panic(err)
	}
	return read
}

func walk(steps map[string]step, described func(error) map[string]any) {
	told := map[string]any{}
	for name, step := range steps {
		said := heard{pieces: []string{}, at: []float64{}}
		outcome := map[string]any{}
		if given, err := step(&said); err != nil {
			outcome["raised"] = described(err)
		} else {
			outcome["gave"] = given
		}
		outcome["pieces"], outcome["at"] = said.pieces, said.at
		told[name] = outcome
	}
	line, err := json.Marshal(told)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}
