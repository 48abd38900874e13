import {
  duplicate,
  type FieldError,
  FieldPath,
  invalid,
  invalidFor,
  required,
} from '../../../apimachinery/field-error.ts';
import { formatGoValue } from '../../../apimachinery/go-value.ts';
import { isDns1035Label, isDns1123Subdomain, isQualifiedName } from '../../../apimachinery/names.ts';
import type { KubeObject } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import { metadataAside } from '../../status-metadata.ts';

interface ServerStorageVersion {
  readonly apiServerID?: string;
  readonly encodingVersion?: string;
  readonly decodableVersions?: readonly string[];
  readonly servedVersions?: readonly string[];
}

/** internal.apiserver.k8s.io StorageVersion. */
export interface StorageVersion extends KubeObject {
  readonly status?: {
    readonly storageVersions?: readonly ServerStorageVersion[];
    readonly commonEncodingVersion?: string;
    readonly conditions?: readonly {
      readonly type?: string;
      readonly status?: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

const path = new FieldPath('status');

/** A storage version is named after its resource; servers write into its status, and have to fit together. */
export const storageVersionStrategy: Strategy = {
  hasGeneration: false,
  allowUnconditionalUpdate: false,
  keptOnStatus: metadataAside,
  resetFields: { '': ['status'], status: ['metadata', 'spec'] },
  validateName,
  validateUpdate: (object, _old, { subresource }) =>
    subresource === 'status' ? validateStatus((object as unknown as StorageVersion).status) : [],
};

function validateName(name: string): string[] {
  const dot = name.lastIndexOf('.');
  if (dot === -1) return ['name must be in the form of <group>.<resource>'];
  return [
    ...isDns1123Subdomain(name.slice(0, dot)).map((message) => `the group segment ${message}`),
    ...isDns1035Label(name.slice(dot + 1)).map((message) => `the resource segment ${message}`),
  ];
}

function validateStatus(status: StorageVersion['status'] = {}): FieldError[] {
  const { storageVersions = [], conditions = [] } = status;
  const ids = new Set<string>();
  const errors = storageVersions.flatMap((server, index) => {
    const at = path.child('storageVersions').index(index);
    const { apiServerID = '' } = server;
    const twice = ids.has(apiServerID) ? [duplicate(at.child('apiServerID'), apiServerID)] : [];
    ids.add(apiServerID);
    return [...twice, ...validateServer(server, at)];
  });
  return [...errors, ...validateCommon(status), ...validateConditions(conditions)];
}

function validateServer(server: ServerStorageVersion, at: FieldPath): FieldError[] {
  const { apiServerID = '', encodingVersion = '', decodableVersions = [], servedVersions = [] } = server;
  const version = (where: FieldPath, text: string): FieldError[] => {
    const messages = apiVersionProblems(text);
    return messages.length === 0 ? [] : [invalid(where, text, messages.join(','))];
  };
  const decodable = at.child('decodableVersions');
  return [
    ...invalidFor(at.child('apiServerID'), apiServerID, isDns1123Subdomain(apiServerID)),
    ...version(at.child('encodingVersion'), encodingVersion),
    ...decodableVersions.flatMap((text, index) => version(decodable.index(index), text)),
    ...(decodableVersions.includes(encodingVersion)
      ? []
      : [
          invalid(
            decodable,
            server.decodableVersions,
            `decodableVersions must include encodingVersion ${encodingVersion}`,
          ),
        ]),
    ...servedVersions.flatMap((text, index) => {
      const where = at.child('servedVersions').index(index);
      const detail = `individual served version : ${text} must be included in decodableVersions : ${formatGoValue(decodableVersions)}`;
      return [...version(where, text), ...(decodableVersions.includes(text) ? [] : [invalid(where, text, detail)])];
    }),
  ];
}

/** `group/version`, or a version alone. */
function apiVersionProblems(text: string): string[] {
  const parts = text.split('/');
  if (parts.length > 2) {
    const shape =
      "a DNS-1035 label, which must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
    const regex = "(e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
    return [
      `an apiVersion is ${shape} ${regex} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyVersion')`,
    ];
  }
  const version = parts.at(-1) ?? '';
  const group = parts.length === 2 ? parts[0] : undefined;
  const check = (part: string, value: string, problems: (value: string) => string[]): string[] =>
    (value === '' ? ['must be non-empty'] : problems(value)).map((message) => `${part} part: ${message}`);
  return [
    ...(group === undefined ? [] : check('group', group, isDns1123Subdomain)),
    ...check('version', version, isDns1035Label),
  ];
}

/** The version that all servers store in, if there is one. */
function validateCommon({
  storageVersions = [],
  commonEncodingVersion: stated,
}: NonNullable<StorageVersion['status']>): FieldError[] {
  const at = path.child('commonEncodingVersion');
  const encodings = new Set(storageVersions.map(({ encodingVersion = '' }) => encodingVersion));
  const [actual] = encodings.size === 1 ? [...encodings] : [];
  if (actual === stated) return [];
  if (actual === undefined) {
    const text =
      'should be nil if servers do not agree on the same encoding version, or if there is no server reporting the supported versions yet';
    return [invalid(at, stated, text)];
  }
  const which = stated === undefined ? 'the common encoding version is' : 'the actual common encoding version is';
  return [invalid(at, stated, `${which} ${actual}`)];
}

function validateConditions(
  conditions: NonNullable<NonNullable<StorageVersion['status']>['conditions']>,
): FieldError[] {
  const places = new Map<string, number>();
  return conditions.flatMap(({ type = '', status = '', reason = '', message = '' }, index) => {
    // The real server leaves the name of the list out.
    const at = path.index(index);
    const before = places.get(type);
    places.set(type, index);
    const twice = `the type of the condition is not unique, it also appears in conditions[${before ?? 0}]`;
    return [
      ...(before === undefined ? [] : [invalid(at.child('type'), type, twice)]),
      ...invalidFor(at.child('type'), type, isQualifiedName(type)),
      ...invalidFor(at.child('status'), status, isQualifiedName(status)),
      ...(reason === '' ? [required(at.child('reason'))] : []),
      ...(message === '' ? [required(at.child('message'))] : []),
    ];
  });
}
