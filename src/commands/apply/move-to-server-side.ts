import { messageOf } from '../../apimachinery/error-message.ts';
import { formatGroupVersion } from '../../apimachinery/gvk.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import type { RestMapping } from '../../apimachinery/rest-mapping.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { ResourceClient } from '../../client/client.ts';
import { clientSideApplyManagers, csaUpgradePatch, isLastAppliedOwnedByApply } from '../../patch/csa-upgrade.ts';
import { lastAppliedAnnotation, lastAppliedOf } from '../../patch/last-applied.ts';

/** The manager of the real program's server-side apply, and the one under which it keeps the annotation. */
const serverSideManager = 'kubectl';
const annotationManager = 'kubectl-last-applied';
const maxTries = 5;

/**
 * An object that was applied from the client's side before belongs to the server-side manager from now on: fields of
 * the client-side managers are handed over, and the object is applied once more (kubectl's migration, KEP-2155).
 * What cannot be moved is told, and nothing fails.
 */
export async function moveToServerSide(
  applied: Unstructured,
  { mapping, resource }: { readonly mapping: RestMapping; readonly resource: ResourceClient },
  fieldManager: string,
  applyAgain: () => Promise<Unstructured>,
): Promise<{ readonly object: Unstructured; readonly warnings: readonly string[] }> {
  let object = applied;
  const name = applied.metadata.name ?? '';
  const failed = (what: string, error: unknown): { object: Unstructured; warnings: string[] } => ({
    object,
    warnings: [`${what}${messageOf(error)}\n`],
  });
  try {
    if (fieldManager === serverSideManager && !isLastAppliedOwnedByApply(object)) {
      const { namespace } = object.metadata;
      const annotations = { [lastAppliedAnnotation]: lastAppliedOf(object) ?? '' };
      const justAnnotation = {
        apiVersion: formatGroupVersion(mapping.gvk),
        kind: mapping.gvk.kind,
        metadata: { annotations, name, ...(namespace === undefined ? {} : { namespace }) },
      };
      const options = { fieldManager: annotationManager };
      object = await resource.patch(name, 'application/apply-patch+yaml', justAnnotation, options);
    }
  } catch (error) {
    return failed(
      warningOf('failed to migrate kubectl.kubernetes.io/last-applied-configuration for Server-Side Apply'),
      error,
    );
  }
  try {
    const managers = clientSideApplyManagers(object);
    for (let attempt = 0; ; attempt++) {
      const patch = csaUpgradePatch(object, managers, fieldManager);
      if (patch === undefined) return { object, warnings: [] };
      try {
        object = await resource.patch(name, 'application/json-patch+json', patch);
        break;
      } catch (error) {
        if (!hasReason(error, 'Conflict') || attempt + 1 >= maxTries) throw error;
        object = await resource.get(name);
      }
    }
  } catch (error) {
    return failed(warningOf('server rejected managed fields migration to Server-Side Apply'), error);
  }
  try {
    return { object: await applyAgain(), warnings: [] };
  } catch (error) {
    return failed(warningOf('failed to re-apply configuration after performing Server-Side Apply migration'), error);
  }
}

function warningOf(what: string): string {
  return `Warning: ${what}. This is non-fatal and will be retried next time you apply. Error: `;
}
