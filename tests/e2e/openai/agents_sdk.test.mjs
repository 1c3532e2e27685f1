// OpenAI's agents SDK, unmodified: it speaks the responses API, calls tools and sends their results back.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent, run, setDefaultOpenAIClient, setTracingDisabled, tool } from '@openai/agents';
import OpenAI from 'openai';
import { z } from 'zod';
import { Gateway, resources } from '../harness/gateway.mjs';
import { startDemoModel } from '../harness/processes.mjs';

let model, gateway;

const masked = 'The customer is Jane Doe: card <CREDIT_CARD>, SSN <US_SSN>, contract <PROJECT>. Is there anything else?';
const agent = new Agent({ name: 'clerk', instructions: 'Answer briefly.', model: 'demo-1' });

before(async () => {
  model = await startDemoModel();
  gateway = await Gateway.start();
  await gateway.apply(resources(model.url));
  setTracingDisabled(true);
  setDefaultOpenAIClient(new OpenAI({ baseURL: gateway.baseURL, apiKey: await gateway.createKey('ci-bot') }));
});
after(async () => {
  await gateway?.stop();
  await model?.stop();
});

test('a run ends with the masked answer, streamed or not', async () => {
  assert.equal((await run(agent, 'the customer file')).finalOutput, masked);
  const streamed = await run(agent, 'the customer file', { stream: true });
  let text = '';
  for await (const piece of streamed.toTextStream()) text += piece;
  await streamed.completed;
  assert.equal(text, masked);
  assert.equal(streamed.finalOutput, masked);
});

test('a tool is called with masked arguments, and what it returns is judged', async () => {
  const calls = [];
  const weather = tool({
    name: 'get_weather',
    description: 'The weather',
    parameters: z.object({ city: z.string(), card: z.string(), days: z.number() }),
    execute: async (input) => {
      calls.push(input);
      return 'It rains on Project Nightfall.';
    },
  });
  const helper = new Agent({ name: 'helper', instructions: 'Use the tool.', model: 'demo-1', tools: [weather] });
  const error = await run(helper, 'the weather', { maxTurns: 3 }).catch((caught) => caught);
  assert.deepEqual(calls, [{ city: 'Oslo', card: '<CREDIT_CARD>', days: 3 }]);
  assert.equal(error.code, 'policy_denied', String(error));
  assert.doesNotMatch(await model.raw(), /Nightfall/);
});

test('a denied prompt ends the run', async () => {
  const error = await run(agent, 'Project Nightfall').catch((caught) => caught);
  assert.equal(error.code, 'policy_denied', String(error));
});
