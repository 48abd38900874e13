import { goQuote } from '../../../apimachinery/field-error.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';

const suffix = '.static.k8s.io';

function warningsOf({ metadata }: Unstructured): string[] {
  if (metadata.name?.endsWith(suffix) !== true) return [];
  const why = 'are reserved for static manifest-based configurations and cannot be managed via the API';
  return [`metadata.name: names ending with ${goQuote(suffix)} ${why}`];
}

/** Warns of names that are kept for what a server reads from files of its own (KEP-5793), which is closed by default. */
export const staticNameWarnings: Required<Pick<Strategy, 'warningsOnCreate' | 'warningsOnUpdate'>> = {
  warningsOnCreate: warningsOf,
  warningsOnUpdate: warningsOf,
};
