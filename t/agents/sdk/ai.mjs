// Vercel's AI SDK by three of its providers: AIGW_PROVIDER is openai, openai-compatible or anthropic.
import { Output, generateText, stepCountIs, streamText, tool } from "ai";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { z } from "zod";
import { WRONG_KEY, collect, key, model, run, thrown, url } from "./common.mjs";

const settings = (apiKey) => ({ baseURL: `${url}/v1`, apiKey });
const PROVIDERS = {
  openai: (apiKey) => createOpenAI(settings(apiKey)).chat,
  "openai-compatible": (apiKey) => createOpenAICompatible({ ...settings(apiKey), name: "aigw", includeUsage: true, supportsStructuredOutputs: true }),
  anthropic: (apiKey) => createAnthropic(settings(apiKey)),
};
const make = PROVIDERS[process.env.AIGW_PROVIDER];
const provider = make(key);
const stranger = make(WRONG_KEY);
const schema = z.object({ n: z.int(), who: z.string() });
const ERROR = ["statusCode", "isRetryable", "message"];
globalThis.AI_SDK_LOG_WARNINGS = false;

const hi = (behaviour, more = {}) => ({ model: provider(model(behaviour)), prompt: "Hi", maxRetries: 0, onError: () => {}, ...more });
const counts = ({ inputTokens, outputTokens, totalTokens }) => ({ inputTokens, outputTokens, totalTokens });
const weather = (called) => tool({ description: "tells it", inputSchema: z.object({ city: z.string() }),
                                   execute: async (input) => { called.push(input); return `sunny in ${input.city}`; } });
const steps = (all) => all.map((step) => [step.finishReason, step.toolCalls.length, step.toolResults.length]);

// A stream that fails tells it in its parts, not by throwing.
async function streamed(options) {
  const parts = await collect(streamText(options).stream);
  const error = parts.find((part) => part.type === "error")?.error;
  if (error) throw error;
  return parts;
}

await run({
  generate: async () => {
    const { text, finishReason, usage, response } = await generateText(hi("ok,cached=5", { system: "Be short." }));
    return { text, finishReason, usage: counts(usage), cached: usage.inputTokenDetails?.cacheReadTokens, model: response.modelId };
  },
  stream: async () => {
    const parts = await streamed(hi("ok"));
    const deltas = parts.filter((part) => part.type === "text-delta");
    const finish = parts.filter((part) => part.type === "finish");
    return { text: deltas.map((part) => part.text).join(""), pieces: deltas.length, finishes: finish.length,
             finishReason: finish[0]?.finishReason, usage: counts(finish[0]?.totalUsage ?? {}) };
  },
  loop: async () => {
    const called = [];
    const result = await generateText(hi("ok", { prompt: "Use your tool.", tools: { weather: weather(called) }, stopWhen: stepCountIs(4) }));
    return { called, text: result.text, steps: steps(result.steps) };
  },
  loop_stream: async () => {
    const called = [];
    const result = streamText(hi("ok", { prompt: "Use your tool.", tools: { weather: weather(called) }, stopWhen: stepCountIs(4) }));
    return { called, text: await result.text, steps: steps(await result.steps) };
  },
  structured: async () => (await generateText(hi("ok", { output: Output.object({ schema }) }))).output,
  structured_stream: async () => streamText(hi("ok", { output: Output.object({ schema }) })).output,
  reasoning: async () => {
    const { text, reasoningText } = await generateText(hi("ok,think=Let me see."));
    return { text, reasoningText };
  },
  wrong_key: () => thrown(() => generateText({ ...hi("ok"), model: stranger(model("ok")) }), ERROR),
  wrong_key_stream: () => thrown(() => streamed({ ...hi("ok"), model: stranger(model("ok")) }), ERROR),
  no_model: () => thrown(() => generateText({ ...hi(), model: provider("nobody") }), ERROR),
  bad_request: () => thrown(() => generateText(hi("ok", { maxOutputTokens: 2_000_000_000 })), ERROR),
  provider_400: () => thrown(() => generateText(hi("400")), ERROR),
  provider_429: () => thrown(() => generateText(hi("429,retry_after=7")), ERROR),
  provider_503: () => thrown(() => streamed(hi("503")), ERROR),
  breaks: () => thrown(() => streamed(hi("error,at=4")), ERROR),
});
