import type { ScopedResourceSelectorRequirement } from '../../../api/types/core-v1.ts';
import { FieldPath, required } from '../../../apimachinery/field-error.ts';
import {
  type ConfigurationFile,
  configurationField as field,
  readConfiguration,
} from '../../../apimachinery/decoding/configuration-file.ts';
import { refuseErrors } from './configuration-errors.ts';

/** What is only used where a quota covers it. */
export interface LimitedResource {
  readonly apiGroup: string;
  readonly resource: string;
  /** Parts of the names under which quotas count it. */
  readonly matchContains: readonly string[];
  readonly matchScopes: readonly ScopedResourceSelectorRequirement[];
}

const file: ConfigurationFile = {
  kinds: [
    { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'ResourceQuotaConfiguration' },
    { apiVersion: 'resourcequota.admission.k8s.io/v1beta1', kind: 'Configuration' },
    { apiVersion: 'resourcequota.admission.k8s.io/v1alpha1', kind: 'Configuration' },
  ],
  scheme: 'pkg/admission/plugin/resourcequota/config.go:31',
  root: 'v1.Configuration',
  types: {
    'v1.Configuration': { limitedResources: field.listOf('v1.LimitedResource') },
    'v1.LimitedResource': {
      apiGroup: field.text,
      resource: field.text,
      matchContains: field.texts,
      matchScopes: field.listOf('v1.ScopedResourceSelectorRequirement'),
    },
    'v1.ScopedResourceSelectorRequirement': { scopeName: field.text, operator: field.text, values: field.texts },
  },
};

interface QuotaFields {
  readonly limitedResources?: readonly Partial<LimitedResource>[];
}

/** Reads the limitedResources of a ResourceQuotaConfiguration. @throws ConfigurationError */
export function readLimitedResources(text: string | undefined): readonly LimitedResource[] {
  if (text === undefined) return [];
  const { limitedResources = [] }: QuotaFields = readConfiguration(text, file);
  const limited = limitedResources.map(
    ({ apiGroup = '', resource = '', matchContains = [], matchScopes = [] }): LimitedResource => ({
      apiGroup,
      resource,
      matchContains,
      matchScopes: matchScopes.map((scope) => ({
        ...scope,
        scopeName: scope.scopeName ?? '',
        operator: scope.operator ?? '',
      })),
    }),
  );
  const path = new FieldPath('limitedResources');
  refuseErrors(
    limited.flatMap(({ resource }, index) => (resource === '' ? [required(path.index(index).child('resource'))] : [])),
  );
  return limited;
}
