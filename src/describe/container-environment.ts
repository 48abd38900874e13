import type { Container, EnvVar, EphemeralContainer, Pod, ResourceFieldSelector } from '../api/types/core-v1.ts';
import { parseQuantity } from '../apimachinery/quantity.ts';
import type { DescribeText } from './describe-text.ts';

type AnyContainer = Container | EphemeralContainer;

/** The part `Environment Variables from:` of a container, where there are any. */
export function describeEnvironmentSources(container: AnyContainer, text: DescribeText): void {
  const sources = container.envFrom ?? [];
  if (sources.length > 0) text.line(2, 'Environment Variables from:');
  for (const { configMapRef, secretRef, prefix = '' } of sources) {
    const reference = configMapRef ?? secretRef;
    const from = configMapRef !== undefined ? 'ConfigMap' : secretRef === undefined ? '' : 'Secret';
    const withPrefix = prefix === '' ? '' : ` with prefix '${prefix}'`;
    text.line(3, `${reference?.name ?? ''}\t${from}${withPrefix}\tOptional: ${reference?.optional ?? false}`);
  }
}

/** The part `Environment:` of a container. @param pod whose fields variables may show; absent for templates */
export function describeEnvironment(container: AnyContainer, text: DescribeText, pod: Pod | undefined): void {
  const variables = container.env ?? [];
  text.line(2, variables.length === 0 ? 'Environment:\t<none>' : 'Environment:');
  for (const variable of variables) {
    if (variable.valueFrom === undefined) {
      const [first = '', ...rest] = (variable.value ?? '').split('\n');
      text.line(3, `${variable.name}:\t${first}`);
      for (const line of rest) text.line(3, `\t${line}`);
    } else {
      const source = sourceText(variable, container, pod);
      if (source !== undefined) text.line(3, `${variable.name}:\t${source}`);
    }
  }
}

function sourceText({ valueFrom }: EnvVar, container: AnyContainer, pod: Pod | undefined): string | undefined {
  const { fieldRef, resourceFieldRef, secretKeyRef, configMapKeyRef } = valueFrom ?? {};
  if (fieldRef !== undefined) {
    const value = pod === undefined ? '' : podField(pod, fieldRef.fieldPath);
    return `${value} (${fieldRef.apiVersion ?? ''}:${fieldRef.fieldPath})`;
  }
  if (resourceFieldRef !== undefined) {
    const { resource } = resourceFieldRef;
    const value = resourceValue(container, resourceFieldRef);
    const isUnlimited = value === '0' && (resource === 'limits.cpu' || resource === 'limits.memory');
    return `${isUnlimited ? 'node allocatable' : value} (${resource})`;
  }
  if (secretKeyRef !== undefined) {
    const { key, name = '', optional = false } = secretKeyRef;
    return `<set to the key '${key}' in secret '${name}'>\tOptional: ${optional}`;
  }
  if (configMapKeyRef !== undefined) {
    const { key, name = '', optional = false } = configMapKeyRef;
    return `<set to the key '${key}' of config map '${name}'>\tOptional: ${optional}`;
  }
  return undefined;
}

/** Only these two are known to the real program, too. */
function podField({ metadata }: Pod, path: string): string {
  if (path === 'metadata.name') return metadata?.name ?? '';
  return path === 'metadata.namespace' ? (metadata?.namespace ?? '') : '';
}

/** How many times the divisor fits an amount, rounded up; empty for what the downward API does not know. */
function resourceValue(container: AnyContainer, { resource, divisor = '0' }: ResourceFieldSelector): string {
  const [, list = '', name = ''] = /^(limits|requests)\.(.+)$/.exec(resource) ?? [];
  if (!['cpu', 'memory', 'ephemeral-storage'].includes(name) && !name.startsWith('hugepages-')) return '';
  const amounts = list === 'limits' ? container.resources?.limits : container.resources?.requests;
  const amount = parseQuantity(amounts?.[name] ?? '0');
  const unit = parseQuantity(divisor);
  const step = unit.isZero() ? parseQuantity('1') : unit;
  const share =
    name === 'cpu'
      ? Number(amount.milliValue()) / Number(step.milliValue())
      : Number(amount.value()) / Number(step.value());
  return `${Math.ceil(share)}`;
}
