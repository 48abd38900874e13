import type { Pod, PodSpec, PodTemplateSpec, Toleration, TopologySpreadConstraint } from '../api/types/core-v1.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import {
  formatLabelSelector,
  LabelSelectorError,
  type ObjectLabelSelector,
  selectorFromObject,
} from '../apimachinery/labels.ts';
import { describeContainers } from './containers.ts';
import type { DescribeText } from './describe-text.ts';
import type { DescribeContext } from './describer.ts';
import { listAll, related } from './list-all.ts';
import { describeVolumes } from './volumes.ts';

/** The part `Pod Template:` of what makes pods; one that is not there has nothing in it. */
export function describePodTemplate(template: PodTemplateSpec | undefined, text: DescribeText): void {
  text.line(0, 'Pod Template:');
  describeTemplateBody(template ?? {}, text);
}

/** The lines below `Pod Template:`. */
export function describeTemplateBody(template: PodTemplateSpec, text: DescribeText): void {
  const { metadata, spec } = template;
  text.labels('  Labels', metadata?.labels);
  if (Object.keys(metadata?.annotations ?? {}).length > 0) text.annotations('  Annotations', metadata?.annotations);
  if ((spec?.serviceAccountName ?? '') !== '') text.line(0, `  Service Account:\t${spec?.serviceAccountName ?? ''}`);
  const { initContainers = [] } = spec ?? {};
  if (initContainers.length > 0) describeContainers('Init Containers', initContainers, [], text, { inTemplate: true });
  describeContainers('Containers', spec?.containers ?? [], [], text, { inTemplate: true });
  describeVolumes(spec?.volumes ?? [], text, true);
  describeSpreading(spec?.topologySpreadConstraints ?? [], text, '  ');
  if ((spec?.priorityClassName ?? '') !== '') text.line(0, `  Priority Class Name:\t${spec?.priorityClassName ?? ''}`);
  text.labels('  Node-Selectors', spec?.nodeSelector);
  text.list('  Tolerations', tolerationTexts(spec?.tolerations ?? []));
  describeSchedulingGroup(spec, text, '  ');
}

/** The part `SchedulingGroup:`, where a pod belongs to one. */
export function describeSchedulingGroup(spec: PodSpec | undefined, text: DescribeText, space: string): void {
  if (spec?.schedulingGroup === undefined) return;
  text.line(0, `${space}SchedulingGroup:`);
  text.line(1, `PodGroupName:\t${spec.schedulingGroup.podGroupName ?? ''}`);
}

/** The part `Conditions:` of what makes pods: types, states and reasons. */
export function describeConditions(
  conditions: readonly { readonly type: string; readonly status: string; readonly reason?: string }[],
  text: DescribeText,
): void {
  if (conditions.length === 0) return;
  text.line(0, 'Conditions:');
  text.table(
    1,
    ['Type', 'Status', 'Reason'],
    conditions.map(({ type, status, reason = '' }) => [`${type} `, status, reason]),
  );
}

/** Tolerations by key, as `key=value:effect for 300s`. */
export function tolerationTexts(tolerations: readonly Toleration[]): string[] {
  return tolerations
    .toSorted((left, right) => ((left.key ?? '') < (right.key ?? '') ? -1 : left.key === right.key ? 0 : 1))
    .map(({ key = '', value = '', effect = '', operator, tolerationSeconds }) => {
      let shown = `${key}${value === '' ? '' : `=${value}`}${effect === '' ? '' : `:${effect}`}`;
      if (operator === 'Exists' && value === '') shown += key === '' && effect === '' ? 'op=Exists' : ' op=Exists';
      return tolerationSeconds === undefined ? shown : `${shown} for ${tolerationSeconds}s`;
    });
}

/** The part `Topology Spread Constraints:`, where there are any. */
export function describeSpreading(
  constraints: readonly TopologySpreadConstraint[],
  text: DescribeText,
  space: string,
): void {
  if (constraints.length === 0) return;
  const sorted = constraints.toSorted((left, right) => (left.topologyKey < right.topologyKey ? -1 : 1));
  text.list(
    `${space}Topology Spread Constraints`,
    sorted.map(({ topologyKey, whenUnsatisfiable, maxSkew, labelSelector }) => {
      const base = `${topologyKey}:${whenUnsatisfiable} when max skew ${maxSkew} is exceeded`;
      return labelSelector === undefined ? base : `${base} for selector ${selectorText(labelSelector)}`;
    }),
  );
}

/** A label selector in one line; `<none>` when there is none, `<error>` for one that cannot be. */
export function selectorText(selector: ObjectLabelSelector | undefined): string {
  try {
    const text = plainSelector(selector);
    return text === '' ? '<none>' : text;
  } catch (error) {
    if (error instanceof LabelSelectorError) return '<error>';
    throw error;
  }
}

/** A label selector in one line, which may be empty. @throws LabelSelectorError */
export function plainSelector(selector: ObjectLabelSelector | undefined): string {
  return formatLabelSelector(selectorFromObject(selector) ?? []);
}

/** A label selector in one line, or why it cannot be one. */
export function selectorOrFailure(selector: ObjectLabelSelector | undefined): string {
  try {
    return plainSelector(selector);
  } catch (error) {
    if (error instanceof LabelSelectorError) return `Failed to get selector: ${error.message}`;
    throw error;
  }
}

/** `Kind/name` of the controller an object belongs to, if any. */
export function describeController(object: Unstructured, text: DescribeText): void {
  const owner = object.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (owner !== undefined) text.line(0, `Controlled By:\t${owner.kind}/${owner.name}`);
}

/**
 * `1 Running / 0 Waiting / 0 Succeeded / 0 Failed` of the pods that an object controls.
 * @throws StatusError, LabelSelectorError when they cannot be read
 */
export async function podCounts(
  object: Unstructured,
  selector: ObjectLabelSelector | undefined,
  context: DescribeContext,
): Promise<string> {
  const labelSelector = plainSelector(selector);
  const pods = await listAll<Pod>(context, related.pods, object.metadata.namespace, { labelSelector });
  const phases: Record<string, number> = {};
  for (const { metadata, status } of pods) {
    const owner = metadata?.ownerReferences?.find((reference) => reference.controller === true);
    if (owner === undefined || owner.uid !== object.metadata.uid) continue;
    const phase = status?.phase ?? '';
    phases[phase] = (phases[phase] ?? 0) + 1;
  }
  const count = (phase: string): number => phases[phase] ?? 0;
  return `${count('Running')} Running / ${count('Pending')} Waiting / ${count('Succeeded')} Succeeded / ${count('Failed')} Failed`;
}
