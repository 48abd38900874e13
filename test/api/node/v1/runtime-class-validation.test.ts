import { describeValidation } from '../../../support/validation-cases.ts';

describeValidation({
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  resource: 'runtimeclasses',
  create: [
    [{}, ['handler: Required value']],
    [{ handler: 'x'.repeat(64) }, [`handler: Invalid value: "${'x'.repeat(64)}": must be no more than 63 characters`]],
    [
      { handler: 'h', scheduling: { nodeSelector: { 'a b': 'c' } } },
      [
        "scheduling.nodeSelector: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      ],
    ],
    [
      { handler: 'h', scheduling: { tolerations: [{ key: 'a', operator: 'Exists', value: 'q' }] } },
      ['scheduling.tolerations[0].operator: Invalid value: "q": value must be empty when `operator` is \'Exists\''],
    ],
  ],
  base: { handler: 'h' },
  update: [
    [
      { '/metadata/resourceVersion': undefined, '/handler': 'zz' },
      ['metadata.resourceVersion: Invalid value: 0: must be specified for an update'],
    ],
    [
      { '/metadata/resourceVersion': undefined, '/scheduling': { nodeSelector: { a: 'b' } } },
      ['metadata.resourceVersion: Invalid value: 0: must be specified for an update'],
    ],
  ],
});
