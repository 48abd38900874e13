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
  type ConfigurationFile,
  configurationField as field,
  kindInVersions,
  readConfiguration,
} from '../../../apimachinery/decoding/configuration-file.ts';
import { InitializationError } from './configuration-errors.ts';

/** What holds for namespaces that say nothing, and who is held to nothing. */
export interface PodSecurityConfiguration {
  readonly defaults: Readonly<Record<PodSecurityMode, { readonly level: string; readonly version: string }>>;
  readonly exemptions: {
    readonly usernames: readonly string[];
    readonly namespaces: readonly string[];
    readonly runtimeClasses: readonly string[];
  };
}

const file: ConfigurationFile = {
  kinds: kindInVersions('pod-security.admission.config.k8s.io', 'PodSecurityConfiguration', [
    'v1',
    'v1beta1',
    'v1alpha1',
  ]),
  scheme: 'k8s.io/pod-security-admission/admission/api/scheme/scheme.go:31',
  root: 'v1.PodSecurityConfiguration',
  types: {
    'v1.PodSecurityConfiguration': {
      defaults: field.of('v1.PodSecurityDefaults'),
      exemptions: field.of('v1.PodSecurityExemptions'),
    },
    'v1.PodSecurityDefaults': Object.fromEntries(
      podSecurityModes.flatMap((mode) => [mode, `${mode}-version`]).map((name) => [name, field.text]),
    ),
    'v1.PodSecurityExemptions': { usernames: field.texts, namespaces: field.texts, runtimeClasses: field.texts },
  },
};

interface SecurityFields {
  readonly defaults?: Readonly<Record<string, string>>;
  readonly exemptions?: Partial<PodSecurityConfiguration['exemptions']>;
}

/** Without a configuration nothing is asked of namespaces that do not ask for it. */
export const openPodSecurity: PodSecurityConfiguration = {
  defaults: defaultsOf({}),
  exemptions: { usernames: [], namespaces: [], runtimeClasses: [] },
};

/** Reads a PodSecurityConfiguration. @throws ConfigurationError */
export function readPodSecurityConfiguration(text: string): PodSecurityConfiguration {
  const { defaults = {}, exemptions = {} }: SecurityFields = readConfiguration(text, file);
  const { usernames = [], namespaces = [], runtimeClasses = [] } = exemptions;
  const configuration = { defaults: defaultsOf(defaults), exemptions: { usernames, namespaces, runtimeClasses } };
  refuse('PodSecurity configuration error', defaultsErrors(configuration));
  refuse('PodSecurity invalid', exemptionErrors(configuration).map(formatFieldError));
  return configuration;
}

function defaultsOf(said: Readonly<Record<string, string>>): PodSecurityConfiguration['defaults'] {
  const one = (mode: PodSecurityMode): { level: string; version: string } => ({
    level: said[mode] || 'privileged',
    version: said[`${mode}-version`] || 'latest',
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
