import { shownSelector } from '../../meta/v1/shown-selector.ts';
import { validateAnnotations } from '../../../apimachinery/annotations.ts';
import {
  checkNonNegative,
  type FieldError,
  FieldPath,
  invalid,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { validateLabels } from '../../../apimachinery/labels.ts';
import { isDns1123Label, nameIsDnsLabel } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { validateClaimSpec } from '../../core/v1/persistent-volume-claim-validation.ts';
import {
  validateLongRunning,
  validatePodTemplate,
  validateTemplateLabels,
} from '../../core/v1/pod-template-validation.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { StatefulSet, StatefulSetSpec } from '../../types/apps-v1.ts';
import type { PodTemplateSpec, Volume } from '../../types/core-v1.ts';
import { validateStatefulSetUpdateStrategy } from './update-strategy-validation.ts';
import {
  readSelector,
  validateOnlyChanged,
  validateWorkloadSelector,
  validateWorkloadStatus,
} from './workload-validation.ts';
import { podTemplateWarnings } from '../../core/v1/pod-warnings.ts';
import { fractionWarnings } from '../../core/v1/volume-warnings.ts';

const specPath = new FieldPath('spec');
const templatePath = specPath.child('template');

/** What is let pass because it cannot change any more. */
interface Tolerance {
  readonly isUpdate: boolean;
  readonly anyTemplate: boolean;
}

function validateSpec(spec: StatefulSetSpec | undefined, { isUpdate, anyTemplate }: Tolerance): FieldError[] {
  if (spec === undefined) return [required(specPath.child('selector'))];
  const { serviceName = '', volumeClaimTemplates = [] } = spec;
  const servicePath = specPath.child('serviceName');
  return [
    ...validateManagement(spec.podManagementPolicy),
    ...validateStatefulSetUpdateStrategy(spec.updateStrategy ?? {}, specPath.child('updateStrategy')),
    ...validateRetention(spec),
    ...(isUpdate
      ? []
      : volumeClaimTemplates.flatMap((claim, index) =>
          validateClaimSpec(claim.spec, specPath.child('volumeClaimTemplates').index(index).child('spec')),
        )),
    ...checkNonNegative(specPath.child('replicas'), spec.replicas),
    ...checkNonNegative(specPath.child('minReadySeconds'), spec.minReadySeconds),
    ...checkNonNegative(specPath.child('ordinals', 'start'), spec.ordinals?.start),
    ...(isUpdate || serviceName === ''
      ? []
      : isDns1123Label(serviceName).map((message) => invalid(servicePath, serviceName, message))),
    ...validateWorkloadSelector(spec.selector, 'statefulset'),
    ...validateTemplate(spec, anyTemplate),
    ...validateLongRunning(spec.template, 'StatefulSet', templatePath),
  ];
}

function validateManagement(policy = ''): FieldError[] {
  const path = specPath.child('podManagementPolicy');
  if (policy === '') return [required(path)];
  if (policy === 'OrderedReady' || policy === 'Parallel') return [];
  return [invalid(path, policy, "must be 'OrderedReady' or 'Parallel'")];
}

function validateRetention({ persistentVolumeClaimRetentionPolicy: policy }: StatefulSetSpec): FieldError[] {
  if (policy === undefined) return [];
  const path = specPath.child('persistentVolumeClaimRetentionPolicy');
  return (['whenDeleted', 'whenScaled'] as const).flatMap((field) => {
    const value = policy[field] ?? '';
    return ['Retain', 'Delete'].includes(value) ? [] : [notSupported(path.child(field), value, ['Retain', 'Delete'])];
  });
}

function validateTemplate(spec: StatefulSetSpec, anyTemplate: boolean): FieldError[] {
  const selector = readSelector(spec.selector);
  if (selector === 'unreadable') return [invalid(specPath.child('selector'), shownSelector(spec.selector), '')];
  const template = asPodsWillBe(spec);
  return [
    ...(selector?.length === 0 ? [] : validateTemplateLabels(template, selector, templatePath)),
    ...(anyTemplate ? [] : validatePodTemplate(template, templatePath)),
    // The real server looks at them again.
    ...validateLabels(template.metadata?.labels, templatePath.child('labels')),
    ...validateAnnotations(template.metadata?.annotations, templatePath.child('annotations')),
  ];
}

/** The template as the controller will fill it in: names of its own, and a volume for each claim. */
function asPodsWillBe({ template, volumeClaimTemplates = [] }: StatefulSetSpec): PodTemplateSpec {
  if (template.spec === undefined) return template;
  const { hostname: _hostname, subdomain: _subdomain, volumes = [], ...spec } = template.spec;
  // Claims of the same name are one volume.
  const names = new Set(volumeClaimTemplates.map(({ metadata }) => metadata.name ?? ''));
  const claims = [...names].map((name): Volume => ({ name, persistentVolumeClaim: { claimName: name } }));
  const others = volumes.filter(({ name }) => !names.has(name));
  return { ...template, spec: { ...spec, volumes: [...claims, ...others] } };
}

const message =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

const mutableFields = new Set([
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]);

const specOf = (object: Unstructured): StatefulSetSpec | undefined => (object as unknown as StatefulSet).spec;

/** How many pods may be missing at a time is behind a gate that is off (KEP-961). */
function dropMaxUnavailable(object: Unstructured, old: Unstructured | undefined): void {
  const before = old === undefined ? undefined : specOf(old)?.updateStrategy?.rollingUpdate?.maxUnavailable;
  if (before === undefined) delete specOf(object)?.updateStrategy?.rollingUpdate?.maxUnavailable;
}

function setWarnings(object: Unstructured): string[] {
  const { revisionHistoryLimit = 0, template, volumeClaimTemplates = [] } = specOf(object) ?? {};
  const path = new FieldPath('spec');
  const warnings = podTemplateWarnings(template, path.child('template'));
  volumeClaimTemplates.forEach(({ spec }, index) => {
    for (const list of ['requests', 'limits'] as const) {
      const at = path.child('volumeClaimTemplates').index(index).child('resources', list).key('storage');
      warnings.push(...fractionWarnings(spec?.resources?.[list]?.['storage'], at));
    }
  });
  if (revisionHistoryLimit >= 0) return warnings;
  const text = 'a negative value retains all historical revisions; a value >= 0 is recommended';
  return [...warnings, `spec.revisionHistoryLimit: ${text}`];
}

/** Stateful sets: most of the spec never changes. */
export const statefulSetStrategy: Strategy = {
  // Pods are named after it, with a number.
  validateName: nameIsDnsLabel,
  podSpec: (object) => specOf(object)?.template.spec,
  adjustForCreate: (object) => dropMaxUnavailable(object, undefined),
  adjustForUpdate: dropMaxUnavailable,
  warningsOnCreate: setWarnings,
  warningsOnUpdate: (object, old) =>
    object.metadata.generation === old.metadata.generation ? [] : setWarnings(object),
  validateCreate: (object) => validateSpec(specOf(object), { isUpdate: false, anyTemplate: false }),
  validateUpdate(object, old, context) {
    if (context.subresource !== '') return validateWorkloadStatus(object, old);
    const wasWrong = validateSpec(specOf(old), { isUpdate: true, anyTemplate: false }).length > 0;
    return [
      ...validateSpec(specOf(object), { isUpdate: true, anyTemplate: wasWrong }),
      ...validateOnlyChanged(object, old, mutableFields, message),
    ];
  },
};
