// Pages of docs/ as tests: each block that runs is one.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { matches, parsePage, Reader, updatePages } from '../harness/pages.mjs';

// One reader reads `names` in this order, on one machine. COUNTERSIGN_PAGES_UPDATE=1 writes what was printed into them.
export async function playPages(names) {
  const steps = (await Promise.all(names.map((name) => parsePage(`docs/${name}.md`)))).flat();
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
