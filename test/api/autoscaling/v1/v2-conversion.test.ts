import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Unstructured } from '../../../../src/apimachinery/object-meta.ts';
import { autoscalerFromV2, autoscalerToV2 } from '../../../../src/api/autoscaling/v1/v2-conversion.ts';

const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' };

function autoscaler(version: 'v1' | 'v2', spec: object, annotations?: Record<string, string>): Unstructured {
  return {
    apiVersion: `autoscaling/${version}`,
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'h', ...(annotations === undefined ? {} : { annotations }) },
    spec: { scaleTargetRef: target, maxReplicas: 3, ...spec },
  };
}

const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } };
const memory = {
  type: 'Resource',
  resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } },
};

describe('autoscalers between autoscaling/v1 and autoscaling/v2', () => {
  it('has a field for the CPU of all pods in both', () => {
    const { spec } = autoscalerToV2(autoscaler('v1', { targetCPUUtilizationPercentage: 80 }));
    assert.deepEqual(spec, { scaleTargetRef: target, maxReplicas: 3, metrics: [cpu] });
    const back = autoscalerFromV2(autoscaler('v2', { metrics: [cpu] }));
    assert.deepEqual(back.spec, { scaleTargetRef: target, maxReplicas: 3, targetCPUUtilizationPercentage: 80 });
    assert.equal(back.metadata.annotations, undefined);
  });

  it('keeps other metrics in an annotation and takes them out of it again', () => {
    const back = autoscalerFromV2(autoscaler('v2', { metrics: [cpu, memory] }));
    assert.deepEqual(back.metadata.annotations, {
      'autoscaling.alpha.kubernetes.io/metrics':
        '[{"type":"Resource","resource":{"name":"memory","targetAverageValue":"1Gi"}}]',
    });
    const there = autoscalerToV2(back);
    assert.equal(there.metadata.annotations, undefined);
    const { metrics } = there['spec'] as { metrics: { resource: { name: string } }[] };
    assert.deepEqual(metrics.map(({ resource }) => resource.name).toSorted(), ['cpu', 'memory']);
  });

  it('keeps other annotations', () => {
    const there = autoscalerToV2(autoscaler('v1', {}, { a: 'b' }));
    assert.deepEqual(there.metadata.annotations, { a: 'b' });
  });

  it('keeps a behaviour in an annotation', () => {
    const behavior = { scaleDown: { stabilizationWindowSeconds: 5, selectPolicy: 'Max' } };
    const back = autoscalerFromV2(autoscaler('v2', { behavior }));
    assert.ok(back.metadata.annotations?.['autoscaling.alpha.kubernetes.io/behavior']);
    const { spec } = autoscalerToV2(back) as unknown as { spec: { behavior: { scaleDown: object } } };
    assert.deepEqual(spec.behavior.scaleDown, behavior.scaleDown);
  });
});
