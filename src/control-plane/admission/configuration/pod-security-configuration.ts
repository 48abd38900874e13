import {
  aggregateMessages,
  duplicate,
  type FieldError,
  FieldPath,
  formatFieldError,
  invalid,
} from '../../../apimachinery/field-error.ts';
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
  InitializationError,
  readConfiguration,
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
  scheme: 'k8s.io/pod-security-admission/admission/api/scheme/scheme.go:31',
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
  refuse('PodSecurity configuration error', defaultsErrors(configuration));
  refuse('PodSecurity invalid', exemptionErrors(configuration).map(formatFieldError));
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

/** @throws InitializationError that lists the errors, if there are any */
function refuse(what: string, errors: readonly string[]): void {
  if (errors.length > 0) throw new InitializationError(`${what}: ${aggregateMessages(errors)}`);
}

function defaultsErrors({ defaults }: PodSecurityConfiguration): string[] {
  return (['enforce', 'audit', 'warn'] as const).flatMap((mode) => {
    const { level, version } = defaults[mode];
    const levels = podSecurityLevels.join(', ');
    return [
      ...(podSecurityLevels.some((known) => known === level) ? [] : [`${mode}: must be one of ${levels}`]),
      ...(parsePodSecurityVersion(version) === undefined ? [`${mode}-version: must be "latest" or "v1.x"`] : []),
    ];
  });
}

function exemptionErrors({ exemptions }: PodSecurityConfiguration): FieldError[] {
  return [
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
