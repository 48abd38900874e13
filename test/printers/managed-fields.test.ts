import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPrinter } from '../../src/printers/print-flags.ts';

const object = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', managedFields: [{ manager: 'kubectl', operation: 'Update' }] },
};

void test('managed fields are left out of whole objects, but not of what is asked for by name', async () => {
  const cases: readonly (readonly [string, string])[] = [
    ['yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n'],
    ['jsonpath={.metadata.managedFields[*].manager}', 'kubectl'],
    ['go-template={{range .metadata.managedFields}}{{.operation}}{{end}}', 'Update'],
    ['custom-columns=M:.metadata.managedFields[*].manager', 'M\nkubectl\n'],
  ];
  for (const [output, expected] of cases) {
    const printer = await createPrinter({ output, customColumns: true });
    assert.equal((printer?.print(object) ?? '') + (printer?.end?.() ?? ''), expected, output);
  }
  const json = await createPrinter({ output: 'json', showManagedFields: true });
  assert.match(json?.print(object) ?? '', /managedFields/);
});
