"""A caller of responses with the official Python SDK, unmodified: plays prompts and says what it got.

Arguments: base URL, key. Standard input: a JSON list of {"prompt", "how"}; `how` is "plain", "stream" (events) or
"helper" (the SDK's own stream helper). Standard output: a JSON list with an object for each: "text", "arguments",
"copies" (what the final response has), and "error" (its class, status and code) if one was raised.
"""

import json
import sys

import openai

TOOLS = [{"type": "function", "name": "get_weather", "strict": False, "parameters": {"type": "object", "properties": {}}}]


def note_event(event, got):
    if event.type == "response.output_text.delta":
        got["text"] += event.delta
    elif event.type == "response.function_call_arguments.delta":
        got["arguments"] += event.delta
    elif event.type == "response.completed":
        got["copies"] = event.response.output_text


def play(client, prompt, how):
    got = {"text": "", "arguments": "", "copies": "", "error": None}
    request = {"model": "demo-1", "input": prompt, "tools": TOOLS}
    try:
        if how == "plain":
            response = client.responses.create(**request)
            got["text"] = got["copies"] = response.output_text
        elif how == "helper":
            with client.responses.stream(**request) as stream:
                for event in stream:
                    note_event(event, got)
                got["copies"] = stream.get_final_response().output_text
        else:
            for event in client.responses.create(stream=True, **request):
                note_event(event, got)
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
    json.dump([play(client, each["prompt"], each["how"]) for each in json.load(sys.stdin)], sys.stdout)


main()
