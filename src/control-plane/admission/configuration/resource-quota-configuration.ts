import type { ScopedResourceSelectorRequirement } from '../../../api/types/core-v1.ts';
import { FieldPath, required } from '../../../apimachinery/field-error.ts';
import {
  type ConfigurationFormat,
  type ConfigurationObject,
  readConfiguration,
  refuseErrors,
} from './configuration-reader.ts';

/** What is only used where a quota covers it. */
export interface LimitedResource {
  readonly apiGroup: string;
  readonly resource: string;
  /** Parts of the names under which quotas count it. */
  readonly matchContains: readonly string[];
  readonly matchScopes: readonly ScopedResourceSelectorRequirement[];
}

const format: ConfigurationFormat = {
  kinds: [
    { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'ResourceQuotaConfiguration' },
    { apiVersion: 'resourcequota.admission.k8s.io/v1beta1', kind: 'Configuration' },
    { apiVersion: 'resourcequota.admission.k8s.io/v1alpha1', kind: 'Configuration' },
  ],
  struct: 'Configuration',
  scheme: 'pkg/admission/plugin/resourcequota/config.go:31',
  isStrict: true,
};

/** Reads the limitedResources of a ResourceQuotaConfiguration. @throws ConfigurationError */
export function readLimitedResources(text: string | undefined): readonly LimitedResource[] {
  if (text === undefined) return [];
  const limited = readConfiguration(text, format, (document) =>
    (document.expect('limitedResources').objects('limitedResources', 'v1.LimitedResource') ?? []).map(readLimited),
  );
  const path = new FieldPath('limitedResources');
  refuseErrors(
    limited.flatMap(({ resource }, index) => (resource === '' ? [required(path.index(index).child('resource'))] : [])),
  );
  return limited;
}

function readLimited(object: ConfigurationObject): LimitedResource {
  object.expect('apiGroup', 'resource', 'matchContains', 'matchScopes');
  return {
    apiGroup: object.text('apiGroup') ?? '',
    resource: object.text('resource') ?? '',
    matchContains: object.texts('matchContains') ?? [],
    matchScopes: (object.objects('matchScopes', 'v1.ScopedResourceSelectorRequirement') ?? []).map(readScope),
  };
}

function readScope(object: ConfigurationObject): ScopedResourceSelectorRequirement {
  object.expect('scopeName', 'operator', 'values');
  const values = object.texts('values');
  return {
    scopeName: object.text('scopeName') ?? '',
    operator: object.text('operator') ?? '',
    ...(values === undefined ? {} : { values: [...values] }),
  };
}
