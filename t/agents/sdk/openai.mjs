import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import { WRONG_KEY, collect, key, model, run, thrown, url } from "./common.mjs";

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
const stranger = new OpenAI({ baseURL: `${url}/v1`, apiKey: WRONG_KEY, maxRetries: 0 });
const chat = client.chat.completions;
const Answer = z.object({ n: z.int(), who: z.string() });
const format = zodResponseFormat(Answer, "answer");
const ERROR = ["status", "code", "type", "param", "requestID"];

const hi = (behaviour, more = {}) => ({ model: model(behaviour), messages: [{ role: "user", content: "Hi" }], ...more });

// The SDK's own loop: it calls the function, sends the result, and ends when the model says something.
function tools(called) {
  const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  const weather = (city) => { called.push(city); return `sunny in ${city.city}`; };
  return [{ type: "function", function: { name: "weather", description: "tells it", parameters, parse: JSON.parse, function: weather } }];
}

async function loop(stream) {
  const called = [];
  const runner = chat.runTools({ ...hi("ok"), messages: [{ role: "user", content: "Use your tool." }], stream, tools: tools(called) });
  const text = await runner.finalContent();
  return { called, text, roles: runner.messages.map((m) => m.role) };
}

await run({
  generate: async () => {
    const { id, object, model, choices, usage } = await chat.create(hi("ok,cached=5,reasoning=3"));
    return { id, object, model, text: choices[0].message.content, reason: choices[0].finish_reason, usage };
  },
  stream: async () => {
    const chunks = await collect(await chat.create(hi("ok,cached=5", { stream: true, stream_options: { include_usage: true } })));
    const choices = chunks.flatMap((c) => c.choices);
    return { text: choices.map((c) => c.delta.content ?? "").join(""), roles: choices.map((c) => c.delta.role).filter(Boolean),
             reasons: choices.map((c) => c.finish_reason).filter(Boolean), ids: new Set(chunks.map((c) => c.id)).size,
             objects: [...new Set(chunks.map((c) => c.object))], pieces: choices.filter((c) => c.delta.content).length,
             usage: chunks.map((c) => c.usage).filter(Boolean), last: chunks.at(-1).choices.length };
  },
  stream_without_usage: async () => {
    const chunks = await collect(await chat.create(hi("ok", { stream: true })));
    return { empty: chunks.filter((c) => !c.choices.length).length, usage: chunks.filter((c) => c.usage).length };
  },
  loop: () => loop(false),
  loop_stream: () => loop(true),
  parallel: async () => {
    const { choices } = await chat.stream(hi("ok,tools=2", { tools: tools([]) })).finalChatCompletion();
    const calls = choices[0].message.tool_calls;
    return { reason: choices[0].finish_reason, names: calls.map((c) => c.function.name), ids: new Set(calls.map((c) => c.id)).size,
             inputs: calls.map((c) => JSON.parse(c.function.arguments)) };
  },
  structured: async () => (await chat.parse(hi("ok", { response_format: format }))).choices[0].message.parsed,
  structured_stream: async () => (await chat.stream(hi("ok", { response_format: format })).finalChatCompletion()).choices[0].message.parsed,
  models: async () => (await collect(await client.models.list())).map((m) => m.id),
  wrong_key: () => thrown(() => stranger.chat.completions.create(hi("ok")), ERROR),
  wrong_key_stream: () => thrown(() => stranger.chat.completions.create(hi("ok", { stream: true })), ERROR),
  no_model: () => thrown(() => chat.create({ ...hi(), model: "nobody" }), ERROR),
  bad_request: () => thrown(() => chat.create(hi("ok", { max_tokens: "many" })), ERROR),
  provider_400: () => thrown(() => chat.create(hi("400")), ERROR),
  provider_429: () => thrown(() => chat.create(hi("429,retry_after=7")), ERROR),
  provider_503: () => thrown(() => chat.create(hi("503", { stream: true })), ERROR),
  breaks: () => thrown(async () => collect(await chat.create(hi("error,at=4", { stream: true }))), ERROR),
});
