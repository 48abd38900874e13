import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ValidatingAdmissionPolicy } from '../../../src/api/types/admissionregistration-v1.ts';
import { createControllerHarness } from '../../support/controller-harness.ts';

const path = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';

function policy(expression: string, more: object = {}): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'p' },
    spec: {
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: ['apps'],
            apiVersions: ['v1'],
            operations: ['*'],
            resources: ['deployments', 'deployments/scale'],
          },
          { apiGroups: ['*'], apiVersions: ['v1'], operations: ['*'], resources: ['pods'] },
        ],
      },
      validations: [{ expression }],
      ...more,
    },
  };
}

test('what expressions do not fit is told in the status of their policy', async (context) => {
  const harness = await createControllerHarness('validatingadmissionpolicy-status-controller');
  context.after(() => harness.close());
  const statusOf = async (
    method: string,
    where: string,
    body: object,
  ): Promise<ValidatingAdmissionPolicy['status']> => {
    const { status, text } = await harness.api.request(method, where, body);
    assert.ok(status < 300, text);
    await harness.work();
    const answer = await harness.api.request('GET', `${path}/p`);
    return (answer.body as unknown as ValidatingAdmissionPolicy).status;
  };
  assert.deepEqual(
    await statusOf(
      'POST',
      path,
      policy('object.spec.replicas > 1 && object.metadata.name != "" && object.metadata.namespace != "x"'),
    ),
    {
      observedGeneration: 1,
      typeChecking: {},
    },
  );
  const stored = await harness.api.request('GET', `${path}/p`);
  const { resourceVersion } = (stored.body as unknown as ValidatingAdmissionPolicy).metadata;
  const update = (spec: object): object => {
    const { metadata, ...rest } = spec as { metadata: object };
    return { ...rest, metadata: { ...metadata, resourceVersion } };
  };
  const changed = policy('object.spec.replica > 1', {
    variables: [{ name: 'count', expression: 'object.spec.replicas' }],
    validations: [
      { expression: 'object.spec.replica > 1', messageExpression: 'object.spec.replicas' },
      { expression: 'variables.count == "x"' },
      { expression: 'object.spec.template.spec.containers.all(c, c.resources.limits["cpu"] != "1")' },
      { expression: '"é authorizer.requestResource" != "" && authorizer.requestResource.check("get").allowed()' },
    ].map((validation) => ({ ...validation, messageExpression: '"m" + object.spec.strategy.typ' })),
  });
  const at = 'apps/v1, Kind=Deployment: ERROR: <input>:1:';
  const messageWarning = `${at}27: undefined field 'typ'\n | "m" + object.spec.strategy.typ\n | ..........................^\n`;
  assert.deepEqual(await statusOf('PUT', `${path}/p`, update(changed)), {
    observedGeneration: 2,
    typeChecking: {
      expressionWarnings: [
        {
          fieldRef: 'spec.validations[0].expression',
          warning: `${at}12: undefined field 'replica'\n | object.spec.replica > 1\n | ...........^\n`,
        },
        { fieldRef: 'spec.validations[0].messageExpression', warning: messageWarning },
        {
          fieldRef: 'spec.validations[1].expression',
          warning: `${at}17: found no matching overload for '_==_' applied to '(int, string)'\n | variables.count == "x"\n | ................^\n`,
        },
        { fieldRef: 'spec.validations[1].messageExpression', warning: messageWarning },
        { fieldRef: 'spec.validations[2].messageExpression', warning: messageWarning },
        {
          fieldRef: 'spec.validations[3].expression',
          warning: `${at}51: unexpected failed resolution of 'kubernetes.authorization.Authorizer'\n | "é authorizer.requestResource" != "" && authorizer.requestResource.check("get").allowed()\n | ${'.'.repeat(1)}\uff0e${'.'.repeat(48)}^\n`,
        },
        { fieldRef: 'spec.validations[3].messageExpression', warning: messageWarning },
      ],
    },
  });
});
