// The pages of docs/ that a newcomer reads, run as they stand there (harness/pages.mjs says how).
//   COUNTERSIGN_PAGES=getting-started,first-target   only these
//   COUNTERSIGN_PAGES_UPDATE=1                       writes what was printed into the pages

import { playPages } from './play.mjs';

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
  const names = pages.filter((page) => !only || only.some((name) => page.includes(name)));
  if (names.length) await playPages(names);
}
