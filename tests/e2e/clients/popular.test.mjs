// What people call models with from Python, by base URL and key alone: OpenAI's newest SDK, LangChain, LlamaIndex,
// litellm, llm (ask.py). Node's clients have tests of their own in openai/.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { Gateway, resources } from '../harness/gateway.mjs';
import { run, startDemoModel } from '../harness/processes.mjs';

let model, gateway, answers;
const clients = ['OpenAi', 'OpenAiAsync', 'OpenAiResponses', 'LangChain', 'LangChainResponses', 'LlamaIndex', 'LiteLlm', 'Llm'];
const masked = 'The customer is Jane Doe: card <CREDIT_CARD>, SSN <US_SSN>, contract <PROJECT>. Is there anything else?';

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url));
  const python = join(import.meta.dirname, '.venv/bin/python');
  const key = await gateway.createKey('ci-bot');
  const { code, stdout, stderr } = await run(python, [join(import.meta.dirname, 'ask.py'), gateway.baseURL, key]);
  assert.equal(code, 0, stderr);
  answers = JSON.parse(stdout);
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

for (const client of clients) {
  test(`${client}: answers are masked, streamed or not, and a denied prompt says why`, () => {
    const { text, streamed, denied, error } = answers[client];
    assert.equal(text, masked);
    assert.equal(streamed, masked);
    assert.equal(denied, undefined);
    assert.match(error, /must not leave the company/);
  });
}

test('a denied prompt is not sent again', async () => {
  const sessions = await gateway.sessions('--limit', '500');
  assert.equal(sessions.filter(({ outcome }) => outcome === 'blocked').length, clients.length);
});
