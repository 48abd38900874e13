import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { validateSeccompAnnotations } from '../../../../src/api/core/v1/pod-annotation-validation.ts';
import type { PodSpec } from '../../../../src/api/types/core-v1.ts';
import { FieldPath, formatFieldError } from '../../../../src/apimachinery/field-error.ts';

const podKey = 'seccomp.security.alpha.kubernetes.io/pod';
const containerKey = 'container.seccomp.security.alpha.kubernetes.io/app';
const otherType = (at: string): string =>
  `${at}.seccompProfile.type: Forbidden: seccomp type in annotation and field must match`;

/** The profiles are those of the pod and of its container. */
const cases: readonly [
  title: string,
  annotations: Record<string, string>,
  profiles: readonly [object | undefined, object | undefined],
  expected: readonly string[],
][] = [
  ['no field', { [podKey]: 'unconfined', [containerKey]: 'unconfined' }, [undefined, undefined], []],
  ['the same', { [podKey]: 'unconfined' }, [{ type: 'Unconfined' }, { type: 'RuntimeDefault' }], []],
  ['what dockers called the default', { [podKey]: 'docker/default' }, [{ type: 'RuntimeDefault' }, undefined], []],
  [
    'other types',
    { [podKey]: 'runtime/default', [containerKey]: 'unconfined' },
    [{ type: 'Unconfined' }, { type: 'RuntimeDefault' }],
    [otherType('spec.securityContext'), otherType('spec.containers[0].securityContext')],
  ],
  [
    'a profile of the node that is another',
    { [containerKey]: 'localhost/one' },
    [undefined, { type: 'Localhost', localhostProfile: 'other' }],
    [
      'spec.containers[0].securityContext.seccompProfile.localhostProfile: Forbidden: seccomp profile in annotation and field must match',
    ],
  ],
  [
    'the same profile of the node',
    { [containerKey]: 'localhost/one' },
    [undefined, { type: 'Localhost', localhostProfile: 'one' }],
    [],
  ],
  [
    'a profile of the node without its prefix',
    { [podKey]: 'one' },
    [{ type: 'Localhost', localhostProfile: 'one' }, undefined],
    [otherType('spec.securityContext')],
  ],
];

describe('annotations about seccomp', () => {
  for (const [title, annotations, [ofPod, ofContainer], expected] of cases) {
    it(title, () => {
      const context = (profile: object | undefined): object =>
        profile === undefined ? {} : { securityContext: { seccompProfile: profile } };
      const spec = { ...context(ofPod), containers: [{ name: 'app', ...context(ofContainer) }] } as PodSpec;
      const errors = validateSeccompAnnotations(annotations, spec, new FieldPath('spec'));
      assert.deepEqual(errors.map(formatFieldError), expected);
    });
  }
});
