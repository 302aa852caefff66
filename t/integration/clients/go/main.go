// OpenAI's own Go client, as its users write it: a plain answer, a stream, and a tool whose result is answered in words.
// Prints what clients/frameworks.py prints, one line of JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/shared"
)

const (
	hello    = "Say hello, please."
	question = "What is the weather in 'Paris'?"
	weather  = "sunny, 21 degrees"
)

type told struct {
	Plain  string            `json:"plain"`
	Stream string            `json:"stream"`
	Last   string            `json:"last"`
	Usage  []int64           `json:"usage"`
	Calls  []json.RawMessage `json:"calls"`
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func asking(text string, tools ...openai.ChatCompletionToolUnionParam) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{
		Model:    shared.ChatModel(os.Getenv("FRAMEWORK_MODEL")),
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(text)},
		Tools:    tools,
	}
}

func main() {
	client := openai.NewClient(option.WithBaseURL(os.Getenv("FRAMEWORK_URL")+"/v1"), option.WithAPIKey(os.Getenv("FRAMEWORK_KEY")),
		option.WithMaxRetries(0))
	ctx := context.Background()
	out := told{}

	plain, err := client.Chat.Completions.New(ctx, asking(hello))
	check(err)
	out.Plain = plain.Choices[0].Message.Content
	out.Usage = []int64{plain.Usage.PromptTokens, plain.Usage.CompletionTokens}

	stream := client.Chat.Completions.NewStreaming(ctx, asking(hello))
	for stream.Next() {
		for _, choice := range stream.Current().Choices {
			out.Stream += choice.Delta.Content
		}
	}
	check(stream.Err())

	asked := asking(question, openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
		Name: "get_weather",
		Parameters: shared.FunctionParameters{"type": "object", "required": []string{"city"},
			"properties": map[string]any{"city": map[string]string{"type": "string"}}},
	}))
	called, err := client.Chat.Completions.New(ctx, asked)
	check(err)
	asked.Messages = append(asked.Messages, called.Choices[0].Message.ToParam())
	for _, call := range called.Choices[0].Message.ToolCalls {
		out.Calls = append(out.Calls, json.RawMessage(call.Function.Arguments))
		asked.Messages = append(asked.Messages, openai.ToolMessage(weather, call.ID))
	}
	last, err := client.Chat.Completions.New(ctx, asked)
	check(err)
	out.Last = last.Choices[0].Message.Content

	line, err := json.Marshal(out)
	check(err)
	fmt.Println(string(line))
}
