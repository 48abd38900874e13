import { describeValidation } from '../../../support/validation-cases.ts';

describeValidation({
  apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
  kind: 'FlowSchema',
  resource: 'flowschemas',
  create: [
    [
      { spec: { priorityLevelConfiguration: { name: '' } } },
      ['spec.priorityLevelConfiguration.name: Required value: must reference a priority level'],
    ],
    [
      { spec: { matchingPrecedence: 20000, priorityLevelConfiguration: { name: 'nonesuch' } } },
      ['spec.matchingPrecedence: Invalid value: 20000: must not be greater than 10000'],
    ],
    [
      { spec: { priorityLevelConfiguration: { name: 'nonesuch' }, rules: [{ subjects: [] }] } },
      [
        'spec.rules[0].subjects: Required value: subjects must contain at least one value',
        'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
      ],
    ],
    [
      {
        spec: {
          priorityLevelConfiguration: { name: 'nonesuch' },
          rules: [
            { resourceRules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }], subjects: [{ kind: 'User' }] },
          ],
        },
      },
      [
        "spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'",
        'spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace',
      ],
    ],
  ],
});

describeValidation({
  apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
  kind: 'PriorityLevelConfiguration',
  resource: 'prioritylevelconfigurations',
  create: [
    [
      { spec: { limited: { limitResponse: { type: 'Reject' } }, type: 'Zork' } },
      ['spec.type: Unsupported value: "Zork": supported values: "Exempt", "Limited"'],
    ],
    [
      { spec: { limited: { limitResponse: { type: 'Reject' } }, type: 'Exempt' } },
      [
        "spec.type: Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'",
        'spec.limited: Forbidden: must be nil if the type is not Limited',
      ],
    ],
    [
      {
        spec: { limited: { limitResponse: { queuing: { handSize: 99, queues: 0 }, type: 'Queue' } }, type: 'Limited' },
      },
      ['spec.limited.limitResponse.queuing.handSize: Invalid value: 99: should not be greater than queues (64)'],
    ],
    [
      { spec: { limited: { limitResponse: { type: 'Reject' }, nominalConcurrencyShares: -1 }, type: 'Limited' } },
      ['spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer'],
    ],
  ],
});
