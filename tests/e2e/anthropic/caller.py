"""A caller with Anthropic's official Python SDK, unmodified: plays prompts and says what it got.

Arguments: base URL, key. Standard input: a JSON list of prompts. Standard output: a JSON list with an object for each:
"text", "thinking" and "input" as the SDK's stream helper puts them together, "plain" (the text without a stream), and
"error" (its class and status) if one was raised.
"""

import json
import sys

import anthropic

TOOLS = [{"name": "get_weather", "description": "Tells it", "input_schema": {"type": "object", "properties": {}}}]


def play(client, prompt):
    got = {"text": "", "thinking": "", "input": None, "plain": "", "error": None}
    request = {
        "model": "demo-1",
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": prompt}],
        "tools": TOOLS,
    }
    try:
        with client.messages.stream(**request) as stream:
            message = stream.get_final_message()
        for block in message.content:
            if block.type == "text":
                got["text"] += block.text
            elif block.type == "thinking":
                got["thinking"] += block.thinking
            elif block.type == "tool_use":
                got["input"] = block.input
        plain = client.messages.create(**request)
        got["plain"] = "".join(block.text for block in plain.content if block.type == "text")
    except anthropic.APIError as error:
        got["error"] = {"type": type(error).__name__, "status": getattr(error, "status_code", None)}
    except Exception as error:
        got["error"] = {"type": type(error).__name__, "status": None, "message": str(error)}
    return got


client = anthropic.Anthropic(base_url=sys.argv[1], api_key=sys.argv[2], max_retries=0)
print(json.dumps([play(client, prompt) for prompt in json.load(sys.stdin)]))
