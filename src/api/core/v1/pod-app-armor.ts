import { FieldPath } from '../../../apimachinery/field-error.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import type { AppArmorProfile, Pod } from '../../types/core-v1.ts';
import { validateAppArmor } from './security-context-validation.ts';

const annotationPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const localhostPrefix = 'localhost/';

/**
 * Moves AppArmor profiles from the annotations of old into the fields of their containers, where those have none
 * (KEP-24, version skew).
 * @param warn is told of annotations that should be fields
 */
export function adoptAppArmorAnnotations({ metadata, spec }: Pod, warn: (text: string) => void): void {
  if (spec === undefined || spec.os?.name === 'windows') return;
  const podProfile = spec.securityContext?.appArmorProfile;
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
  for (const container of containers) {
    const key = annotationPrefix + container.name;
    const annotation = metadata.annotations?.[key];
    if (annotation === undefined || container.securityContext?.appArmorProfile !== undefined) continue;
    const profile = profileOf(annotation);
    if (profile !== undefined && equalJson(profile, podProfile)) continue;
    if (profile !== undefined) container.securityContext = { ...container.securityContext, appArmorProfile: profile };
    const path = new FieldPath('metadata').child('annotations').key(key).toString();
    warn(`${path}: deprecated since v1.30; use the "appArmorProfile" field instead`);
  }
}

/** What an annotation says, when a field may say it. */
function profileOf(annotation: string): AppArmorProfile | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  if (!annotation.startsWith(localhostPrefix)) return undefined;
  const profile: AppArmorProfile = {
    type: 'Localhost',
    localhostProfile: annotation.slice(localhostPrefix.length),
  };
  return validateAppArmor(profile, new FieldPath('appArmorProfile')).length === 0 ? profile : undefined;
}
