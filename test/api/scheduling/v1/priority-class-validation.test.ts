import { describeValidation } from '../../../support/validation-cases.ts';

describeValidation({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  resource: 'priorityclasses',
  create: [
    [{ value: 2000000000 }, ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000']],
    [{ value: -5 }, []],
    [
      { preemptionPolicy: 'Zork', value: 5 },
      ['preemptionPolicy: Unsupported value: "Zork": supported values: "PreemptLowerPriority", "Never"'],
    ],
    [{}, []],
  ],
  base: { value: 5 },
  update: [
    [{ '/metadata/resourceVersion': undefined, '/value': 6 }, ['value: Forbidden: may not be changed in an update.']],
    [{ '/metadata/resourceVersion': undefined, '/description': 'x' }, []],
  ],
});
