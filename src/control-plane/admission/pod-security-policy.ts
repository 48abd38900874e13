import { type FieldError, FieldPath, invalid } from '../../apimachinery/field-error.ts';
import type { PodSecurityLevel } from './pod-security-checks.ts';

/** What happens to pods that do not keep to a level: they are refused, noted in the audit log, or their makers warned. */
export const podSecurityModes = ['enforce', 'audit', 'warn'] as const;
/** One of the modes. */
export type PodSecurityMode = (typeof podSecurityModes)[number];

/** From the loosest to the strictest. */
export const podSecurityLevels: readonly PodSecurityLevel[] = ['privileged', 'baseline', 'restricted'];

/** Before the names of the labels and of the notes for the audit log. */
export const podSecurityPrefix = 'pod-security.kubernetes.io/';

/** The newest version of the standards, and what `latest` means. */
export const newestMinor = 36;

/** The standard that one mode asks for. */
export interface PodSecurityStandard {
  readonly level: PodSecurityLevel;
  /** `latest` or `v1.x`. */
  readonly version: string;
  readonly minor: number;
}

/** What holds in a namespace. */
export type PodSecurityPolicy = Readonly<Record<PodSecurityMode, PodSecurityStandard>>;

/** A standard by its names. @param fallback the level in place of one that is none */
export function podSecurityStandard(
  level: string,
  version: string,
  fallback: PodSecurityLevel = 'privileged',
): PodSecurityStandard {
  const minor = parsePodSecurityVersion(version);
  return {
    level: podSecurityLevels.find((known) => known === level) ?? fallback,
    version: minor === undefined ? 'latest' : version,
    minor: Math.min(minor ?? newestMinor, newestMinor),
  };
}

/** The minor version of `latest` or `v1.x`; undefined for anything else. */
export function parsePodSecurityVersion(version: string): number | undefined {
  if (version === 'latest') return newestMinor;
  const match = /^v1\.(0|[1-9]\d*)$/.exec(version);
  return match === null ? undefined : Number(match[1]);
}

/** `"restricted:latest"` */
export function describeStandard({ level, version }: PodSecurityStandard): string {
  return `"${level}:${version}"`;
}

/** How much stricter the first is than the second; 0 when they are the same. */
export function compareLevels(left: PodSecurityStandard, right: PodSecurityStandard): number {
  return podSecurityLevels.indexOf(left.level) - podSecurityLevels.indexOf(right.level);
}

/**
 * What a namespace's labels ask for beyond the defaults. A level that is none is taken as the strictest where it is
 * enforced, else as the loosest; who enforces a level and does not speak of warnings is warned of it too.
 */
export function policyOfLabels(
  labels: Readonly<Record<string, string>>,
  defaults: PodSecurityPolicy,
): PodSecurityPolicy {
  const one = (mode: PodSecurityMode): PodSecurityStandard => {
    const [level, version] = [labels[`${podSecurityPrefix}${mode}`], labels[`${podSecurityPrefix}${mode}-version`]];
    const fallback = mode === 'enforce' ? 'restricted' : 'privileged';
    return podSecurityStandard(level ?? defaults[mode].level, version ?? defaults[mode].version, fallback);
  };
  const policy = { enforce: one('enforce'), audit: one('audit'), warn: one('warn') };
  const enforced = labels[`${podSecurityPrefix}enforce`];
  const isEnforced = podSecurityLevels.some((level) => level === enforced);
  const warned = labels[`${podSecurityPrefix}warn`];
  if (warned !== undefined || !isEnforced || compareLevels(policy.enforce, policy.warn) <= 0) return policy;
  const version =
    labels[`${podSecurityPrefix}warn-version`] === undefined ? policy.enforce.version : policy.warn.version;
  return { ...policy, warn: podSecurityStandard(policy.enforce.level, version) };
}

/** What is wrong with a namespace's labels. */
export function podSecurityLabelErrors(labels: Readonly<Record<string, string>>): FieldError[] {
  const path = new FieldPath('metadata.labels');
  return podSecurityModes.flatMap((mode) => {
    const name = `${podSecurityPrefix}${mode}`;
    const [level, version] = [labels[name], labels[`${name}-version`]];
    const isLevel = level === undefined || podSecurityLevels.some((known) => known === level);
    const isVersion = version === undefined || parsePodSecurityVersion(version) !== undefined;
    return [
      ...(isLevel ? [] : [invalid(path.key(name), level, `must be one of ${podSecurityLevels.join(', ')}`)]),
      ...(isVersion ? [] : [invalid(path.key(`${name}-version`), version, 'must be "latest" or "v1.x"')]),
    ];
  });
}
