import { describeValidation } from '../../../support/validation-cases.ts';

describeValidation({
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  resource: 'events',
  namespace: 'default',
  create: [
    [
      { regarding: { kind: 'Pod', name: 'p', namespace: 'zz' } },
      [
        'involvedObject.namespace: Invalid value: "zz": does not match event.namespace',
        'eventTime: Required value',
        'type: Invalid value: "": has invalid value: ',
      ],
    ],
    [
      {
        action: 'A',
        eventTime: '2020-01-01T00:00:00.000000Z',
        note: 'hi',
        reason: 'R',
        regarding: { kind: 'Pod', name: 'p', namespace: 'default' },
        reportingController: 'ex.com/c',
        reportingInstance: 'i',
        type: 'Normal',
      },
      [],
    ],
  ],
});
