// The description of the RPCs: valid OpenAPI, and true of a running gateway.

import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { Gateway } from './harness/gateway.mjs';

let gateway, adminKey, document;

const post = (path, body, headers = {}) =>
  fetch(`http://${gateway.address}${path}`, {
    method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body),
  });

before(async () => {
  gateway = await Gateway.start();
  adminKey = (await readFile(gateway.adminKeyFile, 'utf8')).trim();
  document = await (await fetch(`http://${gateway.address}/openapi.json`)).json();
});
after(() => gateway?.stop());

test('the document is valid OpenAPI 3.1', async () => {
  const result = await new Validator().validate(structuredClone(document));
  assert.deepEqual(result.errors ?? [], []);
  assert.ok(result.valid);
  assert.equal(document.openapi, '3.1.0');
});

test('every method that it names exists, and wants a credential', async () => {
  for (const path of Object.keys(document.paths)) {
    const answer = await post(path, {});
    assert.equal(answer.status, 401, path);
    assert.equal((await answer.json()).code, 'unauthenticated', path);
  }
});

test('answers and errors are as it says', async () => {
  const ajv = addFormats(new Ajv2020({ strict: false, validateFormats: true }));
  ajv.addFormat('int32', true).addFormat('int64', true);
  ajv.addSchema({ $id: 'gateway', components: document.components });
  const check = async (path, body, status = 200) => {
    const answer = await post(path, body, { authorization: `Bearer ${adminKey}` });
    assert.equal(answer.status, status, path);
    const { responses } = document.paths[path].post;
    const { $ref } = (responses[status] ?? responses.default).content['application/json'].schema;
    const validate = ajv.getSchema(`gateway${$ref}`);
    const value = await answer.json();
    assert.ok(validate(value), `${path}: ${ajv.errorsText(validate.errors)}`);
    return value;
  };
  const me = await check('/countersign.authn.v1.IdentityService/WhoAmI', {});
  assert.ok(me.roles.some(({ role }) => role === 'admin'));
  await check('/countersign.authn.v1.KeyService/ListKeys', {});
  await check('/countersign.policy.v1.ResourceService/ListParts', {});
  await check('/countersign.policy.v1.ResourceService/GetResources', { kind: 'RoleBinding' });
  await check('/countersign.approval.v1.ReviewService/ListReviews', { all: true });
  await check('/countersign.recorder.v1.SessionService/ListSessions', { pageSize: 5 });
  await check('/countersign.policy.v1.ResourceService/GetResources', { kind: 'Nonsense' }, 400);
  await check('/countersign.approval.v1.ReviewService/GetReview', { id: 'rev_none' }, 404);
});
