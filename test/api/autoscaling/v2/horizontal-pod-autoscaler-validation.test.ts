import { describeValidation } from '../../../support/validation-cases.ts';

describeValidation({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  resource: 'horizontalpodautoscalers',
  namespace: 'default',
  create: [
    [
      {
        spec: {
          maxReplicas: 3,
          minReplicas: 0,
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
        },
      },
      [
        'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
        'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas',
      ],
    ],
    [
      {
        spec: {
          maxReplicas: 3,
          minReplicas: -1,
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
        },
      },
      ['spec.minReplicas: Invalid value: -1: must be greater than or equal to 1'],
    ],
    [
      { spec: { maxReplicas: 3 } },
      [
        'spec.scaleTargetRef.kind: Required value',
        'spec.scaleTargetRef.name: Required value',
        'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group',
      ],
    ],
    [
      { spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a/b' } } },
      ['spec.scaleTargetRef.name: Invalid value: "a/b": may not contain \'/\''],
    ],
    [
      {
        spec: {
          maxReplicas: 3,
          metrics: [{ type: 'Resource' }],
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
        },
      },
      ['spec.metrics[0].resource: Required value: must populate information for the given metric source'],
    ],
    [
      {
        spec: {
          maxReplicas: 3,
          metrics: [{ resource: { name: 'cpu', target: { type: 'Utilization' } }, type: 'Resource' }],
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
        },
      },
      [
        'spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization',
      ],
    ],
    [
      {
        spec: {
          maxReplicas: 3,
          metrics: [
            {
              resource: { name: 'cpu', target: { averageUtilization: 5, averageValue: '1', type: 'Utilization' } },
              type: 'Resource',
            },
          ],
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
        },
      },
      [
        'spec.metrics[0].resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization',
      ],
    ],
    [
      {
        spec: {
          maxReplicas: 3,
          metrics: [
            {
              object: { describedObject: { kind: 'S', name: 'x' }, metric: { name: 'a/b' }, target: { type: 'Value' } },
              type: 'Object',
            },
          ],
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
        },
      },
      [
        'spec.metrics[0].object.metric.name: Invalid value: "a/b": may not contain \'/\'',
        'spec.metrics[0].object.target.averageValue: Required value: must set either a target value or averageValue',
      ],
    ],
    [
      {
        spec: {
          maxReplicas: 3,
          metrics: [{ external: { metric: { name: '' }, target: { type: 'Value', value: '-1' } }, type: 'External' }],
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
        },
      },
      [
        'spec.metrics[0].external.metric.name: Required value: must specify a metric name',
        'spec.metrics[0].external.target.value: Invalid value: "-1": must be positive',
      ],
    ],
    [
      {
        spec: {
          behavior: { scaleUp: { stabilizationWindowSeconds: 9999 } },
          maxReplicas: 3,
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
        },
      },
      ['spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 9999: must be less than or equal to 3600'],
    ],
    [
      {
        spec: {
          behavior: {
            scaleDown: { policies: [{ periodSeconds: 5000, type: 'Pods', value: 1 }], selectPolicy: 'Zork' },
          },
          maxReplicas: 3,
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
        },
      },
      [
        'spec.behavior.scaleDown.selectPolicy: Unsupported value: "Zork": supported values: "Disabled", "Max", "Min"',
        'spec.behavior.scaleDown.policies[0].periodSeconds: Invalid value: 5000: must be less than or equal to 1800',
      ],
    ],
    [
      {
        spec: {
          behavior: { scaleDown: { selectPolicy: 'Disabled' } },
          maxReplicas: 3,
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
        },
      },
      [],
    ],
  ],
});
