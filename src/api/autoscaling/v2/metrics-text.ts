import type { MetricSpec, MetricStatus, MetricTarget, MetricValueStatus } from '../../types/autoscaling-v2.ts';

/** Current value and target of the first two metrics: `cpu: 40%/80%, 3/10 (avg) + 1 more...`. */
export function metricsText(
  specs: readonly MetricSpec[] | undefined,
  statuses: readonly MetricStatus[] | undefined,
): string {
  if (specs === undefined || specs.length === 0) return '<none>';
  const texts = specs.map((spec, index) => metricText(spec, statuses?.[index]));
  const shown = texts.slice(0, 2).join(', ');
  return texts.length > 2 ? `${shown} + ${texts.length - 2} more...` : shown;
}

const unknown = '<unknown>';
/** A quantity that is not there, as Go prints it. */
const none = '<nil>';

function metricText(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case 'External':
      return valueText(spec.external?.target, status?.external?.current);
    case 'Object':
      return valueText(spec.object?.target, status?.object?.current);
    case 'Pods':
      return `${averageOf(status?.pods?.current)}/${spec.pods?.target.averageValue ?? none}`;
    case 'Resource':
      return `${spec.resource?.name ?? ''}: ${utilizationText(spec.resource?.target, status?.resource?.current)}`;
    case 'ContainerResource': {
      const { name = '', target } = spec.containerResource ?? {};
      return `${name}: ${utilizationText(target, status?.containerResource?.current)}`;
    }
    default:
      return '<unknown type>';
  }
}

function valueText(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? unknown}/${target.averageValue} (avg)`;
  return `${current === undefined ? unknown : (current.value ?? none)}/${target?.value ?? none}`;
}

function utilizationText(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${averageOf(current)}/${target.averageValue}`;
  const percent = (value: number | undefined, absent: string): string => (value === undefined ? absent : `${value}%`);
  return `${percent(current?.averageUtilization, unknown)}/${percent(target?.averageUtilization, '<auto>')}`;
}

function averageOf(current: MetricValueStatus | undefined): string {
  return current === undefined ? unknown : (current.averageValue ?? none);
}
