"""A caller with the official Python SDK, unmodified: plays prompts and says what it got.

Arguments: base URL, key. Standard input: a JSON list of prompts. Standard output: a JSON list with an object for each:
"text" and "arguments" as the SDK's deltas put together, and "error" (its class, status and code) if one was raised.
"""

import json
import sys

import openai


def play(client, prompt):
    got = {"text": "", "arguments": "", "error": None}
    try:
        stream = client.chat.completions.create(
            model="demo-1", messages=[{"role": "user", "content": prompt}], stream=True
        )
        for chunk in stream:
            for choice in chunk.choices:
                got["text"] += choice.delta.content or ""
                for call in choice.delta.tool_calls or []:
                    got["arguments"] += call.function.arguments or ""
    except openai.APIError as error:
        got["error"] = {
            "type": type(error).__name__,
            "status": getattr(error, "status_code", None),
            "code": error.code,
            "message": error.message,
        }
    return got


def main():
    client = openai.OpenAI(base_url=sys.argv[1], api_key=sys.argv[2], max_retries=0)
    json.dump([play(client, prompt) for prompt in json.load(sys.stdin)], sys.stdout)


main()
