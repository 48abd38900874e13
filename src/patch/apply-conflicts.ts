import { StatusError } from '../apimachinery/status.ts';
import type { ManagerEntry } from './managed-entries.ts';
import type { FieldSet } from './structured-merge/field-set.ts';
import { formatPath } from './structured-merge/path-element.ts';

/** What an apply wants to change and one manager owns. */
export interface ApplyConflict {
  readonly entry: ManagerEntry;
  readonly fields: FieldSet;
}

/** 409 with a cause per field (`FieldManagerConflict`), with the text of the real server. */
export function applyConflictError(conflicts: readonly ApplyConflict[]): StatusError {
  const groups = conflicts.map(({ entry, fields }) => ({
    name: describeManager(entry),
    paths: fields.paths().map(formatPath),
  }));
  return new StatusError({
    message: conflictMessage(groups),
    reason: 'Conflict',
    details: {
      causes: groups.flatMap(({ name, paths }) =>
        paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${name}`, field })),
      ),
    },
    code: 409,
  });
}

function conflictMessage(groups: readonly { readonly name: string; readonly paths: readonly string[] }[]): string {
  const count = groups.reduce((sum, { paths }) => sum + paths.length, 0);
  const [first] = groups;
  if (count === 1 && first !== undefined) {
    return `Apply failed with 1 conflict: conflict with ${first.name}: ${first.paths[0] ?? ''}`;
  }
  const lines = groups.flatMap(({ name, paths }) => [`conflicts with ${name}:`, ...paths.map((path) => `- ${path}`)]);
  return `Apply failed with ${count} conflicts: ${lines.join('\n')}`;
}

function describeManager(entry: ManagerEntry): string {
  let text = JSON.stringify(entry.manager);
  if (entry.subresource !== '') text += ` with subresource ${JSON.stringify(entry.subresource)}`;
  return entry.operation === 'Update' ? `${text} using ${entry.apiVersion}` : text;
}
