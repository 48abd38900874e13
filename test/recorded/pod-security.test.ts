import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { adoptAppArmorAnnotations } from '../../src/api/core/v1/pod-app-armor.ts';
import type { Pod } from '../../src/api/types/core-v1.ts';
import { describeViolations, podSecurityViolations } from '../../src/control-plane/admission/pod-security-checks.ts';
import { repositoryRoot } from '../support/golden.ts';

/** What the real server (1.36.2) says of a pod: texts, each with the first minor version that says so. */
interface RecordedPod {
  readonly name: string;
  readonly pod: Pod;
  readonly baseline: readonly (readonly [number, string])[];
  readonly restricted: readonly (readonly [number, string])[];
}

const path = join(repositoryRoot, 'test/recorded/access/pod-security.json');
const latestMinor = 36;

for (const { name, pod, ...recorded } of JSON.parse(readFileSync(path, 'utf8')) as RecordedPod[]) {
  test(`Pod Security Standards of all versions, as recorded from the real server: ${name}`, () => {
    // The registry does this before pods are checked.
    adoptAppArmorAnnotations(pod, () => undefined);
    for (const level of ['baseline', 'restricted'] as const) {
      for (let minor = 0; minor <= latestMinor; minor++) {
        const expected = recorded[level].findLast(([since]) => since <= minor)?.[1];
        const actual = describeViolations(podSecurityViolations(pod, level, minor));
        assert.equal(actual, expected, `${level}:v1.${minor}`);
      }
    }
  });
}
