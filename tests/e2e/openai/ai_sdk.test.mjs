// Vercel's AI SDK with its OpenAI provider, unmodified, which speaks the responses API by default.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createOpenAI } from '@ai-sdk/openai';
import { APICallError, embed, generateObject, generateText, streamText, tool } from 'ai';
import { z } from 'zod';
import { Gateway, resources } from '../harness/gateway.mjs';
import { startDemoModel } from '../harness/processes.mjs';

let model, gateway, openai, rosa;

const masked = 'The customer is Jane Doe: card <CREDIT_CARD>, SSN <US_SSN>, contract <PROJECT>. Is there anything else?';
const tools = {
  get_weather: tool({ description: 'The weather', inputSchema: z.object({ city: z.string(), card: z.string(), days: z.number() }) }),
};

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url));
  openai = createOpenAI({ baseURL: gateway.baseURL, apiKey: await gateway.createKey('ci-bot') });
  rosa = await gateway.createKey('rosa');
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

test('generateText is masked', async () => {
  const { text, usage } = await generateText({ model: openai('demo-1'), prompt: 'the customer file' });
  assert.equal(text, masked);
  assert.ok(usage.outputTokens > 10);
  assert.ok((await model.log()).some((entry) => entry.target === '/v1/responses'));
});

test('streamText is masked and finishes', async () => {
  const result = streamText({ model: openai('demo-1'), prompt: 'the customer file' });
  let text = '';
  for await (const piece of result.textStream) text += piece;
  assert.equal(text, masked);
  assert.equal(await result.finishReason, 'stop');
  assert.ok((await result.usage).outputTokens > 10);
});

test('calls of tools are read, streamed or not', async () => {
  const expected = { city: 'Oslo', card: '<CREDIT_CARD>', days: 3 };
  const plain = await generateText({ model: openai('demo-1'), prompt: 'the weather', tools });
  assert.deepEqual(plain.toolCalls[0].input, expected);
  const streamed = streamText({ model: openai('demo-1'), prompt: 'the weather', tools });
  await streamed.consumeStream();
  assert.deepEqual((await streamed.toolCalls)[0].input, expected);
});

test('objects are read', async () => {
  const { object } = await generateObject({
    model: openai('demo-1'),
    schema: z.object({ card: z.string() }),
    prompt: 'say exactly: {"card":"4111 1111 1111 1111"}',
  });
  assert.deepEqual(object, { card: '<CREDIT_CARD>' });
});

test('a denied prompt is an error that is not retried', async () => {
  const error = await generateText({ model: openai('demo-1'), prompt: 'Project Nightfall' }).catch((caught) => caught);
  assert.ok(APICallError.isInstance(error), String(error));
  assert.equal(error.statusCode, 403);
  assert.match(error.message, /must not leave the company/);
});

test('a held stream is answered once it is approved, and raises its refusal once it is denied', async () => {
  for (const verdict of ['approve', 'deny']) {
    const failures = [];
    const result = streamText({
      model: openai('demo-1'),
      prompt: `the customer file of a patient record: ${verdict}`,
      onError: ({ error }) => failures.push(error),
    });
    const text = (async () => {
      let all = '';
      for await (const piece of result.textStream) all += piece;
      return all;
    })();
    const review = await gateway.pendingReview(rosa);
    assert.equal((await gateway.cli(['reviews', verdict, review.id], { key: rosa })).code, 0);
    assert.equal(await text, verdict === 'approve' ? masked : '');
    assert.equal(failures.length, verdict === 'approve' ? 0 : 1);
  }
});

test('a stream that the model breaks off is an error', async () => {
  const failures = [];
  const result = streamText({ model: openai('demo-1'), prompt: 'break off', onError: ({ error }) => failures.push(error) });
  await result.consumeStream();
  assert.equal(failures.length, 1);
  assert.match(JSON.stringify(failures[0]), /upstream/);
});

test('embeddings pass', async () => {
  const { embedding } = await embed({ model: openai.embedding('demo-1'), value: 'hello' });
  assert.deepEqual(embedding, [0.1, -0.2, 0.25]);
});
