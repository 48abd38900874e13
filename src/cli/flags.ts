import type { FlagDefinition } from './command.ts';

/** -o, --template, --allow-missing-template-keys and --show-managed-fields, as most commands that print have them. */
export function printFlags(options: {
  /** The formats for the description, in the order to show: `json`, `yaml`, … */
  readonly formats: readonly string[];
  readonly default?: string;
}): readonly FlagDefinition[] {
  return [
    allowMissingTemplateKeysFlag,
    outputFlag(options.formats, options.default),
    showManagedFieldsFlag,
    templateFlag,
  ];
}

/** The formats every printing command knows. */
export const standardFormats: readonly string[] = [
  'json',
  'yaml',
  'kyaml',
  'name',
  'go-template',
  'go-template-file',
  'template',
  'templatefile',
  'jsonpath',
  'jsonpath-as-json',
  'jsonpath-file',
];

/** -o. */
export function outputFlag(formats: readonly string[], defaultFormat = ''): FlagDefinition {
  return {
    name: 'output',
    shorthand: 'o',
    type: 'string',
    default: defaultFormat,
    description: `Output format. One of: (${formats.join(', ')}).`,
  };
}

/** --allow-missing-template-keys. */
export const allowMissingTemplateKeysFlag: FlagDefinition = {
  name: 'allow-missing-template-keys',
  type: 'bool',
  default: 'true',
  description: 'Ignore errors when a field or a key of a template is missing. For golang and jsonpath output.',
};

/** --show-managed-fields. */
export const showManagedFieldsFlag: FlagDefinition = {
  name: 'show-managed-fields',
  type: 'bool',
  default: 'false',
  description: 'Keep managedFields when objects are printed as JSON or YAML.',
};

/** --template. */
export const templateFlag: FlagDefinition = {
  name: 'template',
  type: 'string',
  default: '',
  description:
    'Template, or file with one, for -o=go-template and -o=go-template-file. The format is that of Go templates.',
};

/** -f, -k and -R. @param what the end of the sentence `Files, folders or URLs …` */
export function filenameFlags(what: string): readonly FlagDefinition[] {
  return [
    {
      name: 'filename',
      shorthand: 'f',
      type: 'stringSlice',
      default: '[]',
      description: `Files, folders or URLs ${what}.`,
    },
    {
      name: 'kustomize',
      shorthand: 'k',
      type: 'string',
      default: '',
      description: 'Kustomization folder to build. Not together with -f or -R.',
    },
    {
      name: 'recursive',
      shorthand: 'R',
      type: 'bool',
      default: 'false',
      description: 'Read the folders of -f, --filename with all below them.',
    },
  ];
}

/** --dry-run, `unchanged` where it stands without a value. */
export const dryRunFlag: FlagDefinition = {
  name: 'dry-run',
  type: 'string',
  default: 'none',
  optional: 'unchanged',
  description:
    'One of none, server, client. With client, only print what would be sent; with server, send it without keeping it.',
};

/** --field-manager. @param manager such as `kubectl-create` */
export function fieldManagerFlag(manager: string): FlagDefinition {
  return {
    name: 'field-manager',
    type: 'string',
    default: manager,
    description: 'Name under which the ownership of fields is kept.',
  };
}

/** --validate, `strict` where it stands without a value. */
export const validateFlag: FlagDefinition = {
  name: 'validate',
  type: 'string',
  default: 'strict',
  optional: 'strict',
  description:
    'One of strict (or true), warn, ignore (or false): what to do about unknown and duplicate fields and wrong types.',
};

/** -l. */
export const selectorFlag: FlagDefinition = {
  name: 'selector',
  shorthand: 'l',
  type: 'string',
  default: '',
  description:
    "Label query to filter on: '=', '==', '!=', 'in', 'notin' (-l key1=value1,key2=value2,key3 in (value3)). All must hold.",
};

/** --field-selector. */
export const fieldSelectorFlag: FlagDefinition = {
  name: 'field-selector',
  type: 'string',
  default: '',
  description: "Field query to filter on: '=', '==' and '!=' (--field-selector key1=value1,key2=value2).",
};

/** --chunk-size. */
export const chunkSizeFlag: FlagDefinition = {
  name: 'chunk-size',
  type: 'int64',
  default: '500',
  description: 'Fetch large lists in pieces of this many objects; 0 fetches them whole.',
};

/** -A. */
export const allNamespacesFlag: FlagDefinition = {
  name: 'all-namespaces',
  shorthand: 'A',
  type: 'bool',
  default: 'false',
  description: 'Work on the objects of all namespaces, whatever --namespace says.',
};

/** --no-headers. */
export const noHeadersFlag: FlagDefinition = {
  name: 'no-headers',
  type: 'bool',
  default: 'false',
  description: 'Print no headers.',
};

/** --cascade, `background` where it stands without a value. */
export const cascadeFlag: FlagDefinition = {
  name: 'cascade',
  type: 'string',
  default: 'background',
  optional: 'background',
  description: 'One of background, orphan, foreground: what happens to dependents, such as the pods of a replica set.',
};

/** --subresource. */
export function subresourceFlag(description: string): FlagDefinition {
  return { name: 'subresource', type: 'string', default: '', description };
}

/** --save-config. */
export const saveConfigFlag: FlagDefinition = {
  name: 'save-config',
  type: 'bool',
  default: 'false',
  description: 'Keep what is sent in the annotation that apply reads.',
};

/** --windows-line-endings. */
export const windowsLineEndingsFlag: FlagDefinition = {
  name: 'windows-line-endings',
  type: 'bool',
  default: 'false',
  description: 'End the lines of an edited file as Windows does.',
};

/** --pod-running-timeout. @param timeout such as `20s` */
export function podRunningTimeoutFlag(timeout: string): FlagDefinition {
  return {
    name: 'pod-running-timeout',
    type: 'duration',
    default: timeout,
    description: 'How long to wait (5s, 2m, 3h; more than nothing) until at least one pod is running.',
  };
}
