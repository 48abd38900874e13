import type { Unstructured } from '../apimachinery/object-meta.ts';
import { parseQuantity } from '../apimachinery/quantity.ts';
import { GeneratorError } from './flag-texts.ts';
import { defined, typedObject } from './typed-json.ts';

/** What is scaled, as an autoscaler refers to it. */
export interface ScaleTarget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

/** What an autoscaler is made of. */
export interface AutoscalerSource {
  readonly name: string;
  readonly target: ScaleTarget;
  /** Not set when it is not positive. */
  readonly min: number;
  readonly max: number;
  /** Negative when it is not given. */
  readonly cpuPercent: number;
  /** `80%` or a quantity; empty when it is not given. */
  readonly cpu: string;
  readonly memory: string;
}

/** How much is aimed at: a share of what is requested, or an amount. */
type MetricTarget =
  | { readonly type: 'Utilization'; readonly averageUtilization: number }
  | { readonly type: 'AverageValue'; readonly averageValue: string };

const defaultUnits = { cpu: 'm', memory: 'Mi' } as const;

/** Reads `80%`, `500m`, and a bare number in thousandths of a CPU or in mebibytes. @throws GeneratorError */
export function parseMetricTarget(text: string, resource: 'cpu' | 'memory'): MetricTarget {
  const input = text.trim();
  if (input === '') throw new GeneratorError('empty input');
  if (input.endsWith('%')) {
    const digits = input.slice(0, -1);
    if (!/^\+?\d+$/.test(digits) || Number(digits) >= 2 ** 31) {
      throw new GeneratorError(`invalid percentage value: ${digits}`);
    }
    return { type: 'Utilization', averageUtilization: Number(digits) };
  }
  const isNumber = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(input);
  const amount = isNumber ? `${Number(input)}${defaultUnits[resource]}` : input;
  try {
    return { type: 'AverageValue', averageValue: parseQuantity(amount).toString() };
  } catch (error) {
    if (isNumber) throw error;
    throw new GeneratorError(`invalid resource ${resource} value: ${input}`);
  }
}

/** Makes an autoscaler of autoscaling/v2. @throws GeneratorError */
export function makeAutoscaler(source: AutoscalerSource): Unstructured {
  const { cpuPercent, cpu, memory } = source;
  const metrics: unknown[] = [];
  const add = (name: string, target: MetricTarget): void => {
    metrics.push({ type: 'Resource', resource: { name, target } });
  };
  if (cpuPercent > 0) add('cpu', { type: 'Utilization', averageUtilization: cpuPercent });
  if (cpu !== '') add('cpu', parseMetricTarget(cpu, 'cpu'));
  if (memory !== '') add('memory', parseMetricTarget(memory, 'memory'));
  const spec = defined({ ...bounds(source), metrics: metrics.length === 0 ? undefined : metrics });
  const status = { desiredReplicas: 0, currentMetrics: null };
  return typedObject('autoscaling/v2', 'HorizontalPodAutoscaler', { name: source.name }, { spec, status });
}

/** Makes an autoscaler of autoscaling/v1, for servers that know no other. */
export function makeOldAutoscaler(source: AutoscalerSource): Unstructured {
  const { cpuPercent } = source;
  const spec = defined({
    ...bounds(source),
    targetCPUUtilizationPercentage: cpuPercent >= 0 ? cpuPercent : undefined,
  });
  const status = { currentReplicas: 0, desiredReplicas: 0 };
  return typedObject('autoscaling/v1', 'HorizontalPodAutoscaler', { name: source.name }, { spec, status });
}

function bounds({ target, min, max }: AutoscalerSource): Record<string, unknown> {
  const { kind, name, apiVersion } = target;
  return { scaleTargetRef: { kind, name, apiVersion }, minReplicas: min > 0 ? min : undefined, maxReplicas: max };
}
