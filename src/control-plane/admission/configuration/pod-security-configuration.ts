import { duplicate, type FieldError, FieldPath, invalid } from '../../../apimachinery/field-error.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../../apimachinery/names.ts';
import {
  type PodSecurityMode,
  parsePodSecurityVersion,
  podSecurityLevels,
  podSecurityModes,
} from '../pod-security-policy.ts';
import {
  type ConfigurationFormat,
  type ConfigurationObject,
  readConfiguration,
  refuseErrors,
} from './configuration-reader.ts';

/** What holds for namespaces that say nothing, and who is held to nothing. */
export interface PodSecurityConfiguration {
  readonly defaults: Readonly<Record<PodSecurityMode, { readonly level: string; readonly version: string }>>;
  readonly exemptions: {
    readonly usernames: readonly string[];
    readonly namespaces: readonly string[];
    readonly runtimeClasses: readonly string[];
  };
}

const format: ConfigurationFormat = {
  kinds: ['v1', 'v1beta1', 'v1alpha1'].map((version) => ({
    apiVersion: `pod-security.admission.config.k8s.io/${version}`,
    kind: 'PodSecurityConfiguration',
  })),
  scheme: 'pkg/admission/api/scheme/scheme.go:31',
  isStrict: true,
};

/** Without a configuration nothing is asked of namespaces that do not ask for it. */
export const openPodSecurity: PodSecurityConfiguration = {
  defaults: defaultsOf(undefined),
  exemptions: { usernames: [], namespaces: [], runtimeClasses: [] },
};

/** Reads a PodSecurityConfiguration. @throws ConfigurationError */
export function readPodSecurityConfiguration(text: string): PodSecurityConfiguration {
  const configuration = readConfiguration(text, format, (document) => {
    document.expect('defaults', 'exemptions');
    const exemptions = document
      .object('exemptions', 'v1.PodSecurityExemptions')
      ?.expect('usernames', 'namespaces', 'runtimeClasses');
    return {
      defaults: defaultsOf(document.object('defaults', 'v1.PodSecurityDefaults')),
      exemptions: {
        usernames: exemptions?.texts('usernames') ?? [],
        namespaces: exemptions?.texts('namespaces') ?? [],
        runtimeClasses: exemptions?.texts('runtimeClasses') ?? [],
      },
    };
  });
  refuseErrors(configurationErrors(configuration));
  return configuration;
}

function defaultsOf(defaults: ConfigurationObject | undefined): PodSecurityConfiguration['defaults'] {
  defaults?.expect(...podSecurityModes.flatMap((mode) => [mode, `${mode}-version`]));
  const one = (mode: PodSecurityMode): { level: string; version: string } => ({
    level: defaults?.text(mode) || 'privileged',
    version: defaults?.text(`${mode}-version`) || 'latest',
  });
  return { enforce: one('enforce'), audit: one('audit'), warn: one('warn') };
}

function configurationErrors({ defaults, exemptions }: PodSecurityConfiguration): FieldError[] {
  const at = new FieldPath('defaults');
  return [
    ...(['enforce', 'warn', 'audit'] as const).flatMap((mode) => {
      const { level, version } = defaults[mode];
      const levelText = `must be one of ${podSecurityLevels.join(', ')}`;
      return [
        ...(podSecurityLevels.some((known) => known === level) ? [] : [invalid(at.child(mode), level, levelText)]),
        ...(parsePodSecurityVersion(version) === undefined
          ? [invalid(at.child(`${mode}-version`), version, 'must be "latest" or "v1.x"')]
          : []),
      ];
    }),
    ...listErrors('namespaces', exemptions.namespaces, isDns1123Label),
    ...listErrors('runtimeClasses', exemptions.runtimeClasses, isDns1123Subdomain),
    ...listErrors('usernames', exemptions.usernames, (name) => (name === '' ? ['username must not be empty'] : [])),
  ];
}

function listErrors(
  field: string,
  names: readonly string[],
  problemsOf: (name: string) => readonly string[],
): FieldError[] {
  const seen = new Set<string>();
  return names.flatMap((name, index) => {
    const at = new FieldPath('exemptions').child(field).index(index);
    const problems = problemsOf(name);
    if (problems.length > 0) return [invalid(at, name, problems.join(', '))];
    if (seen.has(name)) return [duplicate(at, name)];
    seen.add(name);
    return [];
  });
}
