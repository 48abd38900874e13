import { type FieldError, FieldPath, fieldForbidden, goQuote, invalid } from '../../../apimachinery/field-error.ts';
import type { Container, PodSpec, SeccompProfile } from '../../types/core-v1.ts';
import { checkDescendingPath } from './relative-path.ts';

type Annotations = Readonly<Record<string, string>>;

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompPrefix = 'container.seccomp.security.alpha.kubernetes.io/';
const localSeccomp = 'localhost/';
/** What the annotations call the types of the fields. */
const seccompTypes: ReadonlyMap<string, string> = new Map([
  ['runtime/default', 'RuntimeDefault'],
  ['docker/default', 'RuntimeDefault'],
  ['unconfined', 'Unconfined'],
]);
const seccompFields: ReadonlySet<string> = new Set(['Localhost', ...seccompTypes.values()]);
const mirrorAnnotation = 'kubernetes.io/config.mirror';
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';

/** Checks the annotations that mean something to pods (core validation's ValidatePodSpecificAnnotations). */
export function validatePodAnnotations(
  annotations: Annotations | undefined,
  spec: PodSpec | undefined,
  path: FieldPath,
): FieldError[] {
  const given = annotations ?? {};
  const errors: FieldError[] = [];
  const mirror = given[mirrorAnnotation];
  if (mirror !== undefined && (spec?.nodeName ?? '') === '') {
    const message = 'must set spec.nodeName if mirror pod annotation is set';
    errors.push(invalid(path.key(mirrorAnnotation), mirror, message));
  }
  const cost = given[deletionCost];
  if (cost !== undefined && !isCost(cost)) {
    errors.push(invalid(path.key(deletionCost), cost, 'must be a 32bit integer'));
  }
  const names = containersOf(spec).map(({ name }) => name);
  for (const [key, value] of Object.entries(given)) {
    if (key === seccompPod || key.startsWith(seccompPrefix)) errors.push(...checkSeccomp(value, path.child(key)));
    if (key.startsWith(appArmorPrefix)) {
      errors.push(...checkAppArmor(value, key.slice(appArmorPrefix.length), names, path.key(key)));
    }
  }
  return errors;
}

/** That a new pod's annotations about AppArmor say the same as its fields (KEP-24). */
export function validateAppArmorAnnotations(
  annotations: Annotations | undefined,
  spec: PodSpec | undefined,
  path: FieldPath,
): FieldError[] {
  if (annotations === undefined || spec === undefined || spec.os?.name === 'windows') return [];
  const errors: FieldError[] = [];
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    (spec[list] ?? []).forEach(({ name, securityContext }, index) => {
      const profile = securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile;
      const annotation = annotations[appArmorPrefix + name];
      if (profile === undefined || annotation === undefined) return;
      const at = path.child(list).index(index).child('securityContext', 'appArmorProfile');
      const [type, localhostProfile] = splitAppArmor(annotation);
      if (type !== profile.type) {
        errors.push(fieldForbidden(at.child('type'), 'apparmor type in annotation and field must match'));
      } else if (type === 'Localhost' && localhostProfile !== profile.localhostProfile) {
        errors.push(
          fieldForbidden(at.child('localhostProfile'), 'apparmor profile in annotation and field must match'),
        );
      }
    });
  }
  return errors;
}

/** That a new pod's annotations about seccomp, which were there before the fields, say the same as these. */
export function validateSeccompAnnotations(
  annotations: Annotations | undefined,
  spec: PodSpec | undefined,
  path: FieldPath,
): FieldError[] {
  if (annotations === undefined || spec === undefined) return [];
  const errors = checkSeccompMatch(annotations[seccompPod], spec.securityContext, path);
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    (spec[list] ?? []).forEach(({ name, securityContext }, index) => {
      errors.push(
        ...checkSeccompMatch(annotations[seccompPrefix + name], securityContext, path.child(list).index(index)),
      );
    });
  }
  return errors;
}

function checkSeccompMatch(
  annotation: string | undefined,
  context: { readonly seccompProfile?: SeccompProfile } | undefined,
  path: FieldPath,
): FieldError[] {
  const profile = context?.seccompProfile;
  if (annotation === undefined || profile === undefined) return [];
  const at = path.child('securityContext', 'seccompProfile');
  const isLocal = annotation.startsWith(localSeccomp);
  const type = isLocal ? 'Localhost' : seccompTypes.get(annotation);
  if (!seccompFields.has(profile.type)) return [];
  if (type !== profile.type) {
    return [fieldForbidden(at.child('type'), 'seccomp type in annotation and field must match')];
  }
  if (!isLocal || annotation.slice(localSeccomp.length) === profile.localhostProfile) return [];
  return [fieldForbidden(at.child('localhostProfile'), 'seccomp profile in annotation and field must match')];
}

/** Static pods, which their mirrors stand for, have no claims of resources. */
export function validateMirroredClaims(annotations: Annotations | undefined, spec: PodSpec | undefined): FieldError[] {
  if (annotations?.[mirrorAnnotation] === undefined) return [];
  const message = 'static pods do not support resource claims';
  return (spec?.resourceClaims ?? []).map(() => fieldForbidden(new FieldPath('[]'), message));
}

function containersOf(spec: PodSpec | undefined): readonly Pick<Container, 'name'>[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])];
}

/** As ParseInt reads it, without plus sign and leading zeros. */
function isCost(text: string): boolean {
  if (!/^(0|-[0-9]+|[1-9][0-9]*)$/.test(text)) return false;
  const value = Number(text);
  return value >= -(2 ** 31) && value < 2 ** 31;
}

function checkSeccomp(profile: string, path: FieldPath): FieldError[] {
  if (seccompTypes.has(profile)) return [];
  if (profile.startsWith(localSeccomp)) return checkDescendingPath(profile.slice(localSeccomp.length), path);
  return [invalid(path, profile, 'must be a valid seccomp profile')];
}

function checkAppArmor(profile: string, container: string, names: readonly string[], path: FieldPath): FieldError[] {
  const isKnown = ['', 'runtime/default', 'unconfined'].includes(profile) || profile.startsWith('localhost/');
  return [
    ...(names.includes(container) ? [] : [invalid(path, container, 'container not found')]),
    ...(isKnown ? [] : [invalid(path, profile, `invalid AppArmor profile name: ${goQuote(profile)}`)]),
  ];
}

function splitAppArmor(annotation: string): readonly [string, string] {
  if (annotation.startsWith('localhost/')) return ['Localhost', annotation.slice('localhost/'.length)];
  return [annotation === 'runtime/default' ? 'RuntimeDefault' : annotation === 'unconfined' ? 'Unconfined' : '', ''];
}
