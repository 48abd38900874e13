import assert from 'node:assert/strict';
import test from 'node:test';
import type { ManagedFieldsEntry } from '../../../src/apimachinery/object-meta.ts';
import type { AdmissionAttributes } from '../../../src/control-plane/admission/admission-plugin.ts';
import type { Endpoint } from '../../../src/control-plane/apiserver/endpoints/endpoint.ts';
import { admitChanges } from '../../../src/control-plane/apiserver/endpoints/mutating-admission.ts';

const good = { manager: 'm', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:a': {} } };

test('owners that admission has spoilt are put back, with a warning', async () => {
  const cases: readonly [object[], string | undefined][] = [
    [[good], undefined],
    [[good, { ...good, manager: 'n' }], undefined],
    [[{ ...good, apiVersion: '' }], 'apiVersion must not be empty'],
    [[{ ...good, operation: 'x' }], 'operation must be `Apply` or `Update`'],
    [[good, { ...good, fieldsType: '' }], 'missing fieldsType in managed fields entry 1'],
  ];
  for (const [changed, problem] of cases) {
    const before = [good] as ManagedFieldsEntry[];
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', managedFields: before } };
    const warnings: string[] = [];
    const mutate = (): Promise<void> => {
      object.metadata.managedFields = changed;
      return Promise.resolve();
    };
    const attributes = { object, warn: (text: string) => warnings.push(text) } as unknown as AdmissionAttributes;
    await admitChanges({ admission: { mutate } } as unknown as Endpoint['server'], attributes);
    assert.equal(object.metadata.managedFields, problem === undefined ? changed : before);
    assert.deepEqual(
      warnings,
      problem === undefined
        ? []
        : [
            '.metadata.managedFields was in an invalid state after admission; this could be caused by an outdated ' +
              `mutating admission controller; please fix your requests: ${problem}`,
          ],
    );
  }
});
