import Anthropic from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema";
import { z } from "zod";
import { WRONG_KEY, collect, key, model, run, thrown, url } from "./common.mjs";

const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });
const stranger = new Anthropic({ baseURL: url, apiKey: WRONG_KEY, maxRetries: 0 });
const Answer = z.object({ n: z.int(), who: z.string() });
const output_config = { format: zodOutputFormat(Answer) };
const ERROR = ["status", "type", "error", "requestID"];

const hi = (behaviour, more = {}) => ({ model: model(behaviour), max_tokens: 100, messages: [{ role: "user", content: "Hi" }], ...more });
const said = ({ content, stop_reason, usage }) => ({ content, stop_reason, usage });

function tools(called) {
  const inputSchema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  return [betaTool({ name: "weather", description: "tells it", inputSchema, run: (input) => { called.push(input); return `sunny in ${input.city}`; } })];
}

// The SDK's own loop: it calls the function, sends the result, and ends when the model says something.
async function loop(stream) {
  const called = [];
  const runner = client.beta.messages.toolRunner({ ...hi("ok"), messages: [{ role: "user", content: "Use your tool." }], stream, tools: tools(called) });
  const last = await runner.runUntilDone();
  return { called, text: last.content.map((block) => block.text ?? "").join(""), roles: runner.params.messages.map((m) => m.role) };
}

await run({
  generate: async () => {
    const message = await client.messages.create(hi("ok,cached=5", { system: "Be short." }));
    return { ...said(message), id: message.id, type: message.type, role: message.role };
  },
  stream: async () => {
    const events = [];
    const stream = client.messages.stream(hi("ok,cached=5")).on("streamEvent", (event) => events.push(event));
    const message = await stream.finalMessage();
    return { ...said(message), events: events.map((event) => event.type), pieces: events.filter((e) => e.delta?.type === "text_delta").length };
  },
  thinking: async () => said(await client.messages.stream(
    hi("ok,think=Let me see.", { thinking: { type: "enabled", budget_tokens: 1024 }, max_tokens: 4000 })).finalMessage()),
  loop: () => loop(false),
  loop_stream: () => loop(true),
  parallel: async () => said(await client.messages.stream(
    hi("ok,tools=2", { tools: [{ name: "weather", input_schema: { type: "object", properties: { city: { type: "string" } } } }] })).finalMessage()),
  structured: async () => (await client.messages.parse(hi("ok", { output_config }))).parsed_output,
  structured_stream: async () => (await client.messages.stream(hi("ok", { output_config })).finalMessage()).parsed_output,
  models: async () => (await collect(await client.models.list())).map((m) => m.id),
  wrong_key: () => thrown(() => stranger.messages.create(hi("ok")), ERROR),
  wrong_key_stream: () => thrown(() => stranger.messages.stream(hi("ok")).finalMessage(), ERROR),
  no_model: () => thrown(() => client.messages.create({ ...hi(), model: "nobody" }), ERROR),
  bad_request: () => thrown(() => client.messages.create(hi("ok", { max_tokens: "many" })), ERROR),
  provider_400: () => thrown(() => client.messages.create(hi("400")), ERROR),
  provider_429: () => thrown(() => client.messages.create(hi("429,retry_after=7")), ERROR),
  provider_503: () => thrown(() => client.messages.stream(hi("503")).finalMessage(), ERROR),
  breaks: () => thrown(() => client.messages.stream(hi("error,at=4")).finalMessage(), ERROR),
});
