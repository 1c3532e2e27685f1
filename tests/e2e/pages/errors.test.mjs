// docs/errors.md has every code, reason and response header that the code has.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const root = resolve(import.meta.dirname, '../../..');
const read = (path) => readFileSync(join(root, path), 'utf8');
const page = read('docs/errors.md');
// The cells of the rows of every table whose header begins so.
const table = (header) =>
  page
    .split('\n\n')
    .filter((part) => part.startsWith(`| ${header} |`))
    .flatMap((part) => part.trim().split('\n').slice(2))
    .map((row) => row.split('|').slice(1, -1).map((cell) => cell.trim()));
const named = (cells) => new Set(cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name)));

const sources = execFileSync('git', ['ls-files', 'libs/*.cc', 'libs/*.h', 'services/*.cc', 'services/*.h'], { cwd: root })
  .toString()
  .trim()
  .split('\n')
  .filter((path) => !/_test\.|\/testing\/|^services\/(cli|demo_model)\//.test(path));

test('the codes, their statuses and types', () => {
  const rows = [...read('libs/dialects/caller_error.cc').matchAll(/\{"(\w+)", (\d+), "(\w+)"\}/g)];
  assert.ok(rows.length > 15);
  const expected = rows.map(([, code, status, type]) => [`\`${code}\``, status, type]);
  assert.deepEqual(table('code').map((cells) => cells.slice(0, 3)), expected);
});

test('the status of each code over gRPC', () => {
  const source = read('services/edge/grpc_calls/call_status.cc');
  const byHttp = {};
  let waiting = [];
  for (const [, http, name] of source.matchAll(/case (\d+):(?: return absl::StatusCode::k(\w+);)?/g)) {
    waiting.push(http);
    if (!name) continue;
    for (const status of waiting) byHttp[status] = name.replace(/(?<!^)(?=[A-Z])/g, '_').toUpperCase();
    waiting = [];
  }
  for (const [code, http, , grpc] of table('code')) {
    const own = byHttp[http] ?? (Number(http) < 500 ? 'INVALID_ARGUMENT' : undefined);
    if (code === '`review_pending`') assert.equal(grpc, 'FAILED_PRECONDITION');
    else if (own) assert.equal(grpc, own, code);
    else assert.match(grpc, /^(UNAVAILABLE|ABORTED|UNAVAILABLE or ABORTED)$/, code);
  }
});

// The text of a call's arguments, which begin at `from`.
function argumentsAt(text, from) {
  let depth = 1;
  let at = from;
  for (; depth > 0 && at < text.length; ++at) depth += { '(': 1, ')': -1 }[text[at]] ?? 0;
  return text.slice(from, at - 1);
}

test('every reason', () => {
  const reasons = new Map();
  const note = (reason, path) => reasons.set(reason, path);
  for (const path of sources) {
    const text = read(path);
    for (const { index } of text.matchAll(/WithReason\(/g)) {
      const [, reason] = argumentsAt(text, index + 'WithReason('.length).match(/"([a-z_]+)"\s*$/) ?? [];
      if (reason) note(reason, path);
    }
    if (/_errors\.cc$|\/header_rules\.cc$/.test(path)) {
      for (const [, reason] of text.matchAll(/(?:Unauthenticated|Precondition)\(\s*"([a-z_]+)"/g)) note(reason, path);
    }
    if (path === 'libs/jose/jwt.h') {
      for (const [, reason] of text.matchAll(/constexpr \S+ k\w+ =\s+"([a-z_]+)";|constexpr char k\w+\[\] = "([a-z_]+)";/g)) {
        if (reason) note(reason, path);
      }
    }
  }
  assert.ok(reasons.size > 50, `only ${reasons.size} were found`);
  const known = named([...table('code'), ...table('reason')].map(([first]) => first));
  const missing = [...reasons].filter(([reason]) => !known.has(reason));
  assert.deepEqual(missing, []);
  const codes = named(table('code').map(([first]) => first));
  const invented = [...known].filter((name) => !reasons.has(name) && !codes.has(name));
  assert.deepEqual(invented, []);
});

test('every header of answers', () => {
  const known = [...named(table('header').map(([first]) => first))];
  const reply = read('services/edge/call/reply.cc');
  const rules = read('services/edge/call/headers/header_rules.cc');
  const names = [...reply.matchAll(/emplace_back\("([a-z-]+)"/g)].map(([, name]) => name);
  for (const list of ['kToCaller', 'kToCallerPrefix']) {
    const [, body] = rules.match(new RegExp(`${list}\\[\\] = \\{([^}]*)\\}`));
    names.push(...[...body.matchAll(/"([a-z-]+)"/g)].map(([, name]) => name));
  }
  names.push('x-upstream-request-id');
  assert.deepEqual(names.filter((name) => !known.includes(name) && !known.includes(`${name}…`)), []);
});
