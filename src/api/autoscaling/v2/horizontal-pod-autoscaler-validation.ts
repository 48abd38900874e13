import {
  checkNonNegative,
  checkOptionalChoice,
  type FieldError,
  FieldPath,
  fieldForbidden,
  invalid,
  invalidFor,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { isDns1123Label, isPathSegmentName } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { parseQuantity } from '../../../apimachinery/quantity.ts';
import { validateContainerResourceName } from '../../core/v1/resource-requirements-validation.ts';
import type { Strategy } from '../../resource-definition.ts';
import type {
  CrossVersionObjectReference,
  ExternalMetricSource,
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
  HPAScalingPolicy,
  HPAScalingRules,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
  ObjectMetricSource,
  PodsMetricSource,
} from '../../types/autoscaling-v2.ts';

const specPath = new FieldPath('spec');
const mostWindowSeconds = 3600;
const mostPeriodSeconds = 1800;

/** What was let pass before: references without a group, or with a version that cannot be read, and no replicas. */
interface Leniency {
  readonly leastReplicas: number;
  readonly target: ApiVersionCheck;
  readonly metrics: ApiVersionCheck;
}

type ApiVersionCheck = 'strict' | 'empty group' | 'any';

/** What the registry does with autoscalers; scaling to no replicas is behind a gate that is off. */
export const horizontalPodAutoscalerStrategy: Strategy = {
  validateCreate(object) {
    const spec = specOf(object);
    return validateSpec(spec, { leastReplicas: 1, target: targetCheck(spec), metrics: 'empty group' });
  },
  validateUpdate(object, old, { subresource }) {
    if (subresource === 'status') return validateStatus(object as unknown as HorizontalPodAutoscaler);
    const [spec, before] = [specOf(object), specOf(old)];
    const [target, oldTarget] = [spec.scaleTargetRef, before.scaleTargetRef];
    const isSameKind = target.apiVersion === oldTarget.apiVersion && target.kind === oldTarget.kind;
    return validateSpec(spec, {
      leastReplicas: before.minReplicas === 0 ? 0 : 1,
      target: isSameKind ? 'any' : targetCheck(spec),
      metrics: (before.metrics ?? []).every(
        ({ object: source }) =>
          source === undefined || apiVersionProblem(source.describedObject, 'empty group') === undefined,
      )
        ? 'empty group'
        : 'any',
    });
  },
};

function specOf(object: Unstructured): HorizontalPodAutoscalerSpec {
  const { spec } = object as unknown as Partial<HorizontalPodAutoscaler>;
  return spec ?? { maxReplicas: 0, scaleTargetRef: { kind: '', name: '' } };
}

/** The one kind of the core group that can be scaled. */
function targetCheck({ scaleTargetRef }: HorizontalPodAutoscalerSpec): ApiVersionCheck {
  return scaleTargetRef.kind === 'ReplicationController' ? 'empty group' : 'strict';
}

function validateStatus({ status }: HorizontalPodAutoscaler): FieldError[] {
  const path = new FieldPath('status');
  return [
    ...checkNonNegative(path.child('currentReplicas'), status?.currentReplicas),
    ...checkNonNegative(path.child('desiredReplicas'), status?.desiredReplicas),
  ];
}

function validateSpec(spec: HorizontalPodAutoscalerSpec, leniency: Leniency): FieldError[] {
  const { behavior, maxReplicas: most, metrics = [], minReplicas: least, scaleTargetRef } = spec;
  const errors: FieldError[] = [];
  const maxPath = specPath.child('maxReplicas');
  if (least !== undefined && least < leniency.leastReplicas) {
    const message = `must be greater than or equal to ${leniency.leastReplicas}`;
    errors.push(invalid(specPath.child('minReplicas'), least, message));
  }
  if (most === 0) errors.push(required(maxPath, 'must be set and greater than 0'));
  else if (most < 0) errors.push(invalid(maxPath, most, 'must be greater than or equal to 1'));
  if (least !== undefined && most < least) {
    errors.push(invalid(maxPath, most, 'must be greater than or equal to `minReplicas`'));
  }
  errors.push(...validateReference(scaleTargetRef, specPath.child('scaleTargetRef'), leniency.target));
  const metricsPath = specPath.child('metrics');
  metrics.forEach((metric, index) =>
    errors.push(...validateMetric(metric, metricsPath.index(index), leniency.metrics)),
  );
  if (least === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External')) {
    const message = 'must specify at least one Object or External metric to support scaling to zero replicas';
    errors.push(fieldForbidden(metricsPath, message));
  }
  for (const direction of ['scaleUp', 'scaleDown'] as const) {
    const rules = behavior?.[direction];
    if (rules !== undefined) errors.push(...validateRules(rules, specPath.child('behavior', direction)));
  }
  return errors;
}

function validateReference(
  reference: CrossVersionObjectReference,
  path: FieldPath,
  check: ApiVersionCheck,
): FieldError[] {
  const errors = (['kind', 'name'] as const).flatMap((field) => {
    const value = (reference[field] as string | undefined) ?? '';
    const at = path.child(field);
    return value === '' ? [required(at)] : invalidFor(at, value, isPathSegmentName(value));
  });
  const problem = apiVersionProblem(reference, check);
  if (problem !== undefined) errors.push(invalid(path.child('apiVersion'), reference.apiVersion ?? '', problem));
  return errors;
}

function apiVersionProblem(
  { apiVersion = '' }: CrossVersionObjectReference,
  check: ApiVersionCheck,
): string | undefined {
  if (check === 'any') return undefined;
  const slashes = apiVersion.split('/').length - 1;
  if (slashes > 1) return `unexpected GroupVersion string: ${apiVersion}`;
  const hasGroup = slashes === 1 && !apiVersion.startsWith('/');
  return check === 'empty group' || hasGroup ? undefined : 'apiVersion must specify API group';
}

const metricTypes = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];
const sourceFields = ['object', 'external', 'pods', 'resource', 'containerResource'] as const;

function validateMetric(metric: MetricSpec, path: FieldPath, check: ApiVersionCheck): FieldError[] {
  const { type } = metric;
  const typePath = path.child('type');
  const errors: FieldError[] = [];
  const isKnown = metricTypes.includes(type);
  if (type === '') errors.push(required(typePath, 'must specify a metric source type'));
  if (!isKnown) errors.push(notSupported(typePath, type, metricTypes));
  const present = sourceFields.filter((field) => metric[field] !== undefined);
  const [first] = present;
  if (first !== undefined) errors.push(...validateSource(metric, first, path.child(first), check));
  const expected = sourceFields.find((field) => field.toLowerCase() === type.toLowerCase());
  if (!isKnown) errors.push(notSupported(typePath, type, metricTypes));
  else if (expected !== undefined && metric[expected] === undefined) {
    errors.push(required(path.child(expected), 'must populate information for the given metric source'));
  }
  if (present.length < 2) return errors;
  const others = present.filter((field) => field !== expected);
  return [
    ...errors,
    ...others.map((field) => fieldForbidden(path.child(field), 'must populate the given metric source only')),
  ];
}

function validateSource(
  metric: MetricSpec,
  field: (typeof sourceFields)[number],
  path: FieldPath,
  check: ApiVersionCheck,
): FieldError[] {
  const { object, external, pods, resource, containerResource } = metric;
  if (field === 'object' && object !== undefined) return validateObjectSource(object, path, check);
  if (field === 'external' && external !== undefined) return validateExternalSource(external, path);
  if (field === 'pods' && pods !== undefined) return validatePodsSource(pods, path);
  const { container, name = '', target } = { container: '', ...(field === 'resource' ? resource : containerResource) };
  const nameAt = path.child('name');
  const errors: FieldError[] = [];
  if (name === '') errors.push(required(nameAt, 'must specify a resource name'));
  else if (field === 'containerResource') errors.push(...validateContainerResourceName(name, nameAt));
  if (field === 'containerResource') {
    const at = path.child('container');
    if (container === '') errors.push(required(at, 'must specify a container'));
    else errors.push(...invalidFor(at, container, isDns1123Label(container)));
  }
  const targetPath = path.child('target');
  errors.push(...validateTarget(target, targetPath));
  const { averageUtilization, averageValue } = target ?? {};
  if (averageUtilization === undefined && averageValue === undefined) {
    const message = 'must set either a target raw value or a target utilization';
    errors.push(required(targetPath.child('averageUtilization'), message));
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    const message = 'may not set both a target raw value and a target utilization';
    errors.push(fieldForbidden(targetPath.child('averageValue'), message));
  }
  return errors;
}

function validateObjectSource(source: ObjectMetricSource, path: FieldPath, check: ApiVersionCheck): FieldError[] {
  const { describedObject, metric, target } = source;
  const targetPath = path.child('target');
  const errors = [
    ...validateReference(describedObject, path.child('describedObject'), check),
    ...validateIdentifier(metric, path.child('metric')),
    ...validateTarget(target, targetPath),
  ];
  if (target.value !== undefined || target.averageValue !== undefined) return errors;
  return [...errors, required(targetPath.child('averageValue'), 'must set either a target value or averageValue')];
}

function validateExternalSource({ metric, target }: ExternalMetricSource, path: FieldPath): FieldError[] {
  const targetPath = path.child('target');
  const errors = [...validateIdentifier(metric, path.child('metric')), ...validateTarget(target, targetPath)];
  if (target.value === undefined && target.averageValue === undefined) {
    const message = 'must set either a target value for metric or a per-pod target';
    errors.push(required(targetPath.child('averageValue'), message));
  }
  if (target.value !== undefined && target.averageValue !== undefined) {
    const message = 'may not set both a target value for metric and a per-pod target';
    errors.push(fieldForbidden(targetPath.child('value'), message));
  }
  return errors;
}

function validatePodsSource({ metric, target }: PodsMetricSource, path: FieldPath): FieldError[] {
  const targetPath = path.child('target');
  const errors = [...validateIdentifier(metric, path.child('metric')), ...validateTarget(target, targetPath)];
  if (target.averageValue !== undefined) return errors;
  return [...errors, required(targetPath.child('averageValue'), 'must specify a positive target averageValue')];
}

function validateIdentifier({ name }: MetricIdentifier, path: FieldPath): FieldError[] {
  const at = path.child('name');
  return name === '' ? [required(at, 'must specify a metric name')] : invalidFor(at, name, isPathSegmentName(name));
}

const targetTypes = ['Utilization', 'Value', 'AverageValue'];

function validateTarget(target: MetricTarget | undefined, path: FieldPath): FieldError[] {
  const { averageUtilization, type = '' } = target ?? {};
  const errors: FieldError[] = [];
  if (type === '') errors.push(required(path.child('type'), 'must specify a metric target type'));
  if (!targetTypes.includes(type)) {
    errors.push(invalid(path.child('type'), type, 'must be either Utilization, Value, or AverageValue'));
  }
  for (const field of ['value', 'averageValue'] as const) {
    const amount = target?.[field];
    if (amount !== undefined && parseQuantity(amount).sign() !== 1) {
      errors.push(invalid(path.child(field), amount, 'must be positive'));
    }
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(invalid(path.child('averageUtilization'), averageUtilization, 'must be greater than 0'));
  }
  return errors;
}

function validateRules(rules: HPAScalingRules, path: FieldPath): FieldError[] {
  const { policies = [], selectPolicy, stabilizationWindowSeconds: seconds = 0, tolerance } = rules;
  const windowPath = path.child('stabilizationWindowSeconds');
  const policiesPath = path.child('policies');
  return [
    ...(seconds < 0 ? [invalid(windowPath, seconds, 'must be greater than or equal to zero')] : []),
    ...(seconds > mostWindowSeconds
      ? [invalid(windowPath, seconds, `must be less than or equal to ${mostWindowSeconds}`)]
      : []),
    ...checkOptionalChoice(path.child('selectPolicy'), selectPolicy, ['Disabled', 'Max', 'Min']),
    ...(policies.length === 0 ? [required(policiesPath, 'must specify at least one Policy')] : []),
    ...policies.flatMap((policy, index) => validatePolicy(policy, policiesPath.index(index))),
    ...(tolerance !== undefined && parseQuantity(tolerance).sign() < 0
      ? [invalid(path.child('tolerance'), tolerance, 'must be greater than or equal to 0')]
      : []),
  ];
}

function validatePolicy({ periodSeconds, type, value }: HPAScalingPolicy, path: FieldPath): FieldError[] {
  const types = ['Percent', 'Pods'];
  const periodPath = path.child('periodSeconds');
  return [
    ...(types.includes(type) ? [] : [notSupported(path.child('type'), type, types)]),
    ...(value <= 0 ? [invalid(path.child('value'), value, 'must be greater than zero')] : []),
    ...(periodSeconds <= 0 ? [invalid(periodPath, periodSeconds, 'must be greater than zero')] : []),
    ...(periodSeconds > mostPeriodSeconds
      ? [invalid(periodPath, periodSeconds, `must be less than or equal to ${mostPeriodSeconds}`)]
      : []),
  ];
}
