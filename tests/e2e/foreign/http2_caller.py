"""OpenAI's Python SDK over HTTP/2 without TLS.

Arguments: base URL, key, prompt. Standard output: the HTTP version, then the text of the streamed answer.
"""

import sys

import httpx
import openai

base_url, key, prompt = sys.argv[1:]
# Prior knowledge: without TLS there is no ALPN that could choose the version.
http_client = httpx.Client(http1=False, http2=True)
client = openai.OpenAI(base_url=base_url, api_key=key, http_client=http_client, max_retries=0)
stream = client.chat.completions.create(model="demo-1", messages=[{"role": "user", "content": prompt}], stream=True)
print(stream.response.http_version)
print("".join(choice.delta.content or "" for chunk in stream for choice in chunk.choices))
