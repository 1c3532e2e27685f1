"""Popular Python clients of OpenAI's API, unmodified, with another base URL and key, and nothing else.

Arguments: base URL, key. Standard output: one JSON object, by client, with the text of an answer, that of a streamed
one, and what it raised for a prompt that is denied.
"""

import asyncio
import json
import os
import sys
import tempfile

BASE_URL, KEY = sys.argv[1:3]
PROMPT = "the customer file"
DENIED = "Project Nightfall"

# Each would otherwise look for settings, or tell somebody that it runs.
os.environ.update(LITELLM_LOCAL_MODEL_COST_MAP="True", LLM_USER_PATH=tempfile.mkdtemp(), OPENAI_API_KEY="unused")


class OpenAi:
    def __init__(self):
        import openai

        self.client = openai.OpenAI(base_url=BASE_URL, api_key=KEY)

    def ask(self, prompt):
        answer = self.client.chat.completions.create(model="demo-1", messages=[{"role": "user", "content": prompt}])
        return answer.choices[0].message.content

    def stream(self, prompt):
        chunks = self.client.chat.completions.create(
            model="demo-1", messages=[{"role": "user", "content": prompt}], stream=True
        )
        return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


class OpenAiResponses(OpenAi):
    def ask(self, prompt):
        return self.client.responses.create(model="demo-1", input=prompt).output_text

    def stream(self, prompt):
        events = self.client.responses.create(model="demo-1", input=prompt, stream=True)
        return "".join(event.delta for event in events if event.type == "response.output_text.delta")


class LangChain:
    def __init__(self):
        from langchain_openai import ChatOpenAI

        self.model = ChatOpenAI(model="demo-1", base_url=BASE_URL, api_key=KEY)

    def ask(self, prompt):
        return self.model.invoke(prompt).text

    def stream(self, prompt):
        return "".join(chunk.text for chunk in self.model.stream(prompt))


class LangChainResponses(LangChain):
    def __init__(self):
        from langchain_openai import ChatOpenAI

        self.model = ChatOpenAI(model="demo-1", base_url=BASE_URL, api_key=KEY, use_responses_api=True)


class LlamaIndex:
    def __init__(self):
        from llama_index.llms.openai_like import OpenAILike

        self.model = OpenAILike(model="demo-1", api_base=BASE_URL, api_key=KEY, is_chat_model=True)

    def ask(self, prompt):
        return self.model.complete(prompt).text

    def stream(self, prompt):
        return "".join(chunk.delta for chunk in self.model.stream_complete(prompt))


class LiteLlm:
    def __init__(self):
        import litellm

        litellm.suppress_debug_info = True
        self.completion = litellm.completion

    def call(self, prompt, **more):
        messages = [{"role": "user", "content": prompt}]
        return self.completion(model="openai/demo-1", api_base=BASE_URL, api_key=KEY, messages=messages, **more)

    def ask(self, prompt):
        return self.call(prompt).choices[0].message.content

    def stream(self, prompt):
        return "".join(chunk.choices[0].delta.content or "" for chunk in self.call(prompt, stream=True))


class Llm:
    """Simon Willison's `llm`, configured as its documentation says for compatible servers."""

    def __init__(self):
        with open(os.path.join(os.environ["LLM_USER_PATH"], "extra-openai-models.yaml"), "w") as file:
            json.dump([{"model_id": "demo-1", "model_name": "demo-1", "api_base": BASE_URL, "api_key_name": "us"}], file)
        import llm

        self.model = llm.get_model("demo-1")

    def ask(self, prompt):
        return self.model.prompt(prompt, stream=False, key=KEY).text()

    def stream(self, prompt):
        return "".join(self.model.prompt(prompt, stream=True, key=KEY))


class OpenAiAsync(OpenAi):
    def __init__(self):
        import openai

        self.client = openai.AsyncOpenAI(base_url=BASE_URL, api_key=KEY)
        self.loop = asyncio.new_event_loop()

    def ask(self, prompt):
        call = self.client.chat.completions.create(model="demo-1", messages=[{"role": "user", "content": prompt}])
        return self.loop.run_until_complete(call).choices[0].message.content

    def stream(self, prompt):
        async def read():
            chunks = await self.client.chat.completions.create(
                model="demo-1", messages=[{"role": "user", "content": prompt}], stream=True
            )
            return "".join([choice.delta.content or "" async for chunk in chunks for choice in chunk.choices])

        return self.loop.run_until_complete(read())


def play(kind):
    client = kind()
    got = {"text": client.ask(PROMPT), "streamed": client.stream(PROMPT)}
    try:
        got["denied"] = client.ask(DENIED)
    except Exception as error:  # every client has its own
        got["error"] = f"{type(error).__name__}: {error}"
    return got


KINDS = [OpenAi, OpenAiAsync, OpenAiResponses, LangChain, LangChainResponses, LlamaIndex, LiteLlm, Llm]
json.dump({kind.__name__: play(kind) for kind in KINDS}, sys.stdout)
