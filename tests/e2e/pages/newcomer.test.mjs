// The pages of docs/ that a newcomer reads, run as they stand there (harness/pages.mjs says how).
//   COUNTERSIGN_PAGES=getting-started,first-target   only these
//   COUNTERSIGN_PAGES_UPDATE=1                       writes what was printed into the pages

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { matches, parsePage, Reader, updatePages } from '../harness/pages.mjs';

// Each list is one machine: its pages go on where the page before ended.
const machines = [
  [
    ...['getting-started', 'first-target', 'first-guardrails', 'first-review', 'first-audit'],
    ...['oidc', 'approval-workflows', 'troubleshooting', 'faq', 'concepts', 'cli'],
  ],
  ['policy-cookbook'],
];
const only = process.env.COUNTERSIGN_PAGES?.split(',');

for (const pages of machines) {
  const names = pages
    .filter((page) => !only || only.some((name) => page.includes(name)))
    .map((page) => `docs/${page}.md`);
  if (!names.length) continue;
  const steps = (await Promise.all(names.map(parsePage))).flat();
  describe(names.join(', '), () => {
    let reader;
    before(async () => {
      reader = await Reader.start();
      await reader.play(steps);
      if (process.env.COUNTERSIGN_PAGES_UPDATE) await updatePages(steps);
    });
    after(() => reader?.stop());
    for (const step of steps.filter(({ kind }) => kind === 'run')) {
      test(`${step.page}:${step.line}: ${step.text.trim().split('\n')[0].slice(0, 80)}`, () => {
        assert.ok(step.output !== undefined, 'an earlier block failed');
        assert.equal(step.failed, undefined);
        if (step.expected !== undefined && !matches(step.output, step.expected)) assert.equal(step.output, step.expected);
      });
    }
  });
}
