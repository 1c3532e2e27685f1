// The resources of the gateway in a fault run.

import { credential } from './model.mjs';

const documents = (list) => list.map((spec) => `apiVersion: countersign/v1\n${spec.trim()}\n`).join('---\n');
const review = (approvals) =>
  `review: {reviewers: [security], approvals: ${approvals}, pendingTtl: 5m, hold: 8s, grant: {kind: oneShot, ttl: 1m}}`;

export const reviewers = ['rosa', 'sam', 'tess'];

export const resources = ({ model, issuer, client }) =>
  documents([
    `kind: Credential
metadata: {name: model-key}
spec: {bearer: {inline: ${credential}}}`,
    `kind: Connection
metadata: {name: model}
spec: {protocol: openai, url: '${model}/v1', credential: model-key, default: true, models: ['demo-*']}`,
    `kind: IdentityProvider
metadata: {name: corp}
spec: {oidc: {issuer: '${issuer}', audiences: [countersign], profile: at+jwt}}`,
    `kind: Identity
metadata: {name: ci-bot}
spec: {kind: service, groups: [callers]}`,
    `kind: Identity
metadata: {name: batch}
spec: {kind: service, groups: [callers], match: {provider: corp, subject: ${client}}}`,
    ...reviewers.map((name) => `kind: Identity\nmetadata: {name: ${name}}\nspec: {kind: human, groups: [security]}`),
    `kind: RoleBinding
metadata: {name: callers}
spec: {role: caller, groups: [callers]}`,
    `kind: RoleBinding
metadata: {name: reviewers}
spec: {role: reviewer, groups: [security]}`,
    `kind: MaskingProfile
metadata: {name: standard}
spec:
  response:
    - {entity: tier1, action: replace}
    - {pattern: 'PRJ-[0-9]{4}', label: PROJECT, action: replace}`,
    ...Object.entries({ forbidden: 'project nightfall', 'needs-1': 'patient record', 'needs-2': 'merger plan' }).map(
      ([name, term]) => `kind: Dictionary\nmetadata: {name: ${name}}\nspec: {terms: [${term}]}`,
    ),
    `kind: Policy
metadata: {name: forbidden}
spec: {priority: 1000, when: {keywords: {dictionary: forbidden}}, then: {deny: {message: This stays here.}}}`,
    ...[1, 2].map(
      (approvals) => `kind: Policy
metadata: {name: needs-${approvals}}
spec:
  priority: 100
  when: {keywords: {dictionary: needs-${approvals}}}
  then: {${review(approvals)}, masking: standard}`,
    ),
    `kind: Policy
metadata: {name: otherwise}
spec: {then: {allow: {}, masking: standard}}`,
  ]);
