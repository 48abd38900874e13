import { gvkText, parseGroupVersion } from '../../../apimachinery/gvk.ts';
import { formatLabelSelector, LabelSelectorError, selectorFromObject } from '../../../apimachinery/labels.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { hasReason, StatusError } from '../../../apimachinery/status.ts';
import type { ParamKind, ParamRef } from '../../../api/types/admissionregistration-v1.ts';
import type { AdmissionContext } from '../admission-plugin.ts';

/** Why a policy or a binding cannot be used as it is. */
export class PolicyConfigurationError extends Error {}

/**
 * What is wrong with a policy or a binding, for the request to be told.
 * @throws what is no such error
 */
export function configurationProblem(error: unknown): string {
  const isExpected =
    error instanceof PolicyConfigurationError || error instanceof StatusError || error instanceof LabelSelectorError;
  if (!isExpected) throw error;
  return error.message;
}

/** @throws PolicyConfigurationError for a kind of parameters that nothing serves */
export function checkParamKind(context: AdmissionContext, paramKind: ParamKind | undefined): void {
  if (paramKind === undefined) return;
  const { apiVersion = '', kind = '' } = paramKind;
  if (context.resourceOf(apiVersion, kind) !== undefined) return;
  const shown = gvkText({ ...parseGroupVersion(apiVersion), kind });
  throw new PolicyConfigurationError(`failed to find resource referenced by paramKind: '${shown}'`);
}

/**
 * The parameters that a binding brings; one undefined when it brings none, none at all when they are not there and
 * that is all right.
 * @throws PolicyConfigurationError
 */
export async function collectParams(
  context: AdmissionContext,
  paramKind: ParamKind | undefined,
  reference: ParamRef | undefined,
  requestNamespace: string,
): Promise<readonly (Unstructured | undefined)[]> {
  if (paramKind === undefined || reference === undefined) return [undefined];
  const { apiVersion = '', kind = '' } = paramKind;
  const served = context.resourceOf(apiVersion, kind);
  if (served === undefined) {
    throw new PolicyConfigurationError(
      `paramKind kind \`&ParamKind{APIVersion:${apiVersion},Kind:${kind},}\` not known`,
    );
  }
  const { name = '', selector, namespace: ownNamespace = '', parameterNotFoundAction } = reference;
  const namespace = ownNamespace === '' ? requestNamespace : ownNamespace;
  if (served.namespaced && namespace === '') {
    throw new PolicyConfigurationError(
      'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
    );
  }
  if (!served.namespaced && ownNamespace !== '') {
    throw new PolicyConfigurationError('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
  }
  const objects = context.client.resource(served.resource, served.namespaced ? namespace : undefined);
  const found: Unstructured[] = [];
  if (name !== '') {
    try {
      found.push(await objects.get(name));
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error;
    }
  } else if (selector === undefined) throw new PolicyConfigurationError('one of name or selector must be provided');
  else {
    const labelSelector = formatLabelSelector(selectorFromObject(selector) ?? []);
    const { items } = await objects.list({ labelSelector });
    found.push(...items.map((item) => ({ ...item, apiVersion, kind })));
  }
  if (found.length === 0 && parameterNotFoundAction === 'Deny') {
    const text = 'no params found for policy binding with `Deny` parameterNotFoundAction';
    throw new PolicyConfigurationError(text);
  }
  return found;
}
