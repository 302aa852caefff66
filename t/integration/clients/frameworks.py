"""Frameworks and vendors' clients as their users write them, on a gateway that stands in the place of the vendor:

    FRAMEWORK_URL=http://127.0.0.1:8080 FRAMEWORK_KEY=… FRAMEWORK_MODEL=openai/x python frameworks.py pydantic_ai.anthropic

Prints one line of JSON: what was said plainly and streamed, the arguments of the tool that was called, the last words after its
result, and the tokens that the client saw for the plain answer."""
import asyncio
import json
import os
import sys

URL, KEY, MODEL = (os.environ[f"FRAMEWORK_{name}"] for name in ("URL", "KEY", "MODEL"))
HELLO = "Say hello, please."
QUESTION = "What is the weather in 'Paris'?"
WEATHER = "sunny, 21 degrees"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"type": "function", "function": {"name": "get_weather", "description": "The weather of a city.", "parameters": SCHEMA}}
calls = []


def get_weather(city: str) -> str:
    """The weather of a city."""
    calls.append({"city": city})
    return WEATHER


def user(text):
    return {"role": "user", "content": text}


def litellm_as(provider, base):
    import litellm

    def ask(messages, **options):
        return litellm.completion(f"{provider}/{MODEL}", messages, api_base=base, api_key=KEY, max_tokens=200, **options)

    plain = ask([user(HELLO)])
    stream = "".join(chunk.choices[0].delta.content or "" for chunk in ask([user(HELLO)], stream=True))
    asked = ask([user(QUESTION)], tools=[TOOL]).choices[0].message
    call = asked.tool_calls[0]
    result = {"role": "tool", "tool_call_id": call.id, "content": get_weather(**json.loads(call.function.arguments))}
    last = ask([user(QUESTION), asked.model_dump(include={"role", "content", "tool_calls"}), result], tools=[TOOL])
    return plain.choices[0].message.content, stream, last.choices[0].message.content, [plain.usage.prompt_tokens, plain.usage.completion_tokens]


def pydantic_ai_as(model):
    from pydantic_ai import Agent

    async def run():
        plain = await Agent(model).run(HELLO)
        async with Agent(model).run_stream(HELLO) as streamed:
            stream = await streamed.get_output()
        last = await Agent(model, tools=[get_weather]).run(QUESTION)
        usage = plain.usage() if callable(plain.usage) else plain.usage
        return plain.output, stream, last.output, [usage.input_tokens, usage.output_tokens]

    return asyncio.run(run())


def pydantic_ai_openai(kind):
    from pydantic_ai.models import openai as models
    from pydantic_ai.providers.openai import OpenAIProvider

    return pydantic_ai_as(getattr(models, kind)(MODEL, provider=OpenAIProvider(base_url=URL + "/v1", api_key=KEY)))


def pydantic_ai_anthropic():
    from anthropic import AsyncAnthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    client = AsyncAnthropic(base_url=URL, api_key=KEY)
    return pydantic_ai_as(AnthropicModel(MODEL, provider=AnthropicProvider(anthropic_client=client)))


def openai_agents_as(kind):
    import agents
    from openai import AsyncOpenAI

    agents.set_tracing_disabled(True)
    model = getattr(agents, kind)(model=MODEL, openai_client=AsyncOpenAI(base_url=URL + "/v1", api_key=KEY))
    plain = agents.Agent(name="plain", model=model)
    helped = agents.Agent(name="helped", model=model, tools=[agents.function_tool(get_weather)])

    async def run():
        said = await agents.Runner.run(plain, HELLO)
        streamed = agents.Runner.run_streamed(plain, HELLO)
        async for _ in streamed.stream_events():
            pass
        last = await agents.Runner.run(helped, QUESTION)
        usage = said.context_wrapper.usage
        return said.final_output, streamed.final_output, last.final_output, [usage.input_tokens, usage.output_tokens]

    return asyncio.run(run())


def instructor_as(client, **options):
    """Its users want objects: the tool's arguments are the answer."""
    from pydantic import BaseModel

    class City(BaseModel):
        city: str

    def ask(**more):
        return client.chat.completions.create(model=MODEL, messages=[user(QUESTION)], max_tokens=200, **options, **more)

    calls.append(ask(response_model=City).model_dump())
    *_, last = client.chat.completions.create_partial(model=MODEL, messages=[user(QUESTION)], max_tokens=200, response_model=City, **options)
    _, raw = client.chat.completions.create_with_completion(model=MODEL, messages=[user(QUESTION)], max_tokens=200, response_model=City, **options)
    usage = raw.usage
    counts = [getattr(usage, "prompt_tokens", None) or usage.input_tokens, getattr(usage, "completion_tokens", None) or usage.output_tokens]
    return last.city, last.city, last.city, counts


def instructor_openai():
    import instructor
    from openai import OpenAI

    return instructor_as(instructor.from_openai(OpenAI(base_url=URL + "/v1", api_key=KEY)))


def instructor_anthropic():
    import instructor
    from anthropic import Anthropic

    return instructor_as(instructor.from_anthropic(Anthropic(base_url=URL, api_key=KEY)))


def mistralai():
    from mistralai.client import Mistral

    with Mistral(api_key=KEY, server_url=URL) as client:
        def ask(messages, call=client.chat.complete, **options):
            return call(model=MODEL, messages=messages, max_tokens=200, **options)

        plain = ask([user(HELLO)])
        stream = "".join(event.data.choices[0].delta.content or "" for event in ask([user(HELLO)], client.chat.stream) if event.data.choices)
        asked = ask([user(QUESTION)], tools=[TOOL]).choices[0].message
        call = asked.tool_calls[0]
        arguments = call.function.arguments
        result = get_weather(**(json.loads(arguments) if isinstance(arguments, str) else arguments))
        last = ask([user(QUESTION), asked, {"role": "tool", "name": "get_weather", "tool_call_id": call.id, "content": result}], tools=[TOOL])
        return plain.choices[0].message.content, stream, last.choices[0].message.content, [plain.usage.prompt_tokens, plain.usage.completion_tokens]


def llama_index():
    from llama_index.core.base.llms.types import ChatMessage
    from llama_index.core.tools import FunctionTool
    from llama_index.llms.openai_like import OpenAILike

    model = OpenAILike(model=MODEL, api_base=URL + "/v1", api_key=KEY, is_chat_model=True, is_function_calling_model=True, max_tokens=200)
    plain = model.chat([ChatMessage(role="user", content=HELLO)])
    stream = "".join(part.delta or "" for part in model.stream_chat([ChatMessage(role="user", content=HELLO)]))
    last = model.predict_and_call([FunctionTool.from_defaults(get_weather)], user_msg=QUESTION)
    told = model.chat([ChatMessage(role="user", content=f"It is {last}.")]).message.content
    return plain.message.content, stream, told, [plain.raw.usage.prompt_tokens, plain.raw.usage.completion_tokens]


WAYS = {
    "litellm.openai": lambda: litellm_as("openai", URL + "/v1"),
    "litellm.anthropic": lambda: litellm_as("anthropic", URL),
    "pydantic_ai.openai": lambda: pydantic_ai_openai("OpenAIChatModel"),
    "pydantic_ai.responses": lambda: pydantic_ai_openai("OpenAIResponsesModel"),
    "pydantic_ai.anthropic": pydantic_ai_anthropic,
    "openai_agents.openai": lambda: openai_agents_as("OpenAIChatCompletionsModel"),
    "openai_agents.responses": lambda: openai_agents_as("OpenAIResponsesModel"),
    "instructor.openai": instructor_openai,
    "instructor.anthropic": instructor_anthropic,
    "mistralai.mistral": mistralai,
    "llama_index.openai": llama_index,
}

if __name__ == "__main__":
    plain, stream, last, usage = WAYS[sys.argv[1]]()
    print(json.dumps({"plain": plain, "stream": stream, "last": last, "usage": usage, "calls": calls}))
