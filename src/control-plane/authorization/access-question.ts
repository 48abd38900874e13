import type { ResourceAttributes, SubjectAccessReviewSpec } from '../../api/types/authorization-v1.ts';
import { parseFieldSelector } from '../../apimachinery/field-selector.ts';
import { type LabelOperator, parseLabelSelector } from '../../apimachinery/labels.ts';
import type { AuthorizationAttributes } from './authorizer.ts';

/** A question to the authorizers as a SubjectAccessReview asks it of others. */
export function accessQuestion(attributes: AuthorizationAttributes): SubjectAccessReviewSpec {
  const { user, verb, path } = attributes;
  const extra = Object.fromEntries(Object.entries(user.extra).map(([key, values]) => [key, [...values]]));
  return {
    ...(attributes.isResourceRequest
      ? { resourceAttributes: resourceAttributes(attributes) }
      : { nonResourceAttributes: given({ path, verb }) }),
    ...given({ user: user.username }),
    ...(user.groups.length === 0 ? {} : { groups: [...user.groups] }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
    ...given({ uid: user.uid }),
  };
}

function resourceAttributes(attributes: AuthorizationAttributes): ResourceAttributes {
  const { namespace, verb, apiGroup, apiVersion, resource, subresource, name } = attributes;
  const fields = fieldRequirements(attributes.fieldSelector);
  const labels = labelRequirements(attributes.labelSelector);
  return {
    ...given({ namespace, verb, group: apiGroup, version: apiVersion, resource, subresource, name }),
    ...(fields.length === 0 ? {} : { fieldSelector: { requirements: fields } }),
    ...(labels.length === 0 ? {} : { labelSelector: { requirements: labels } }),
  };
}

/** Only what is not empty, as Go's `omitempty` has it. */
function given(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
}

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: string[];
}

/** What of a selector cannot be read does not narrow the question. */
function fieldRequirements(selector: string): Requirement[] {
  return orNothing(() =>
    parseFieldSelector(selector).map(({ field, operator, value }) => ({
      key: field,
      operator: operator === '=' ? 'In' : 'NotIn',
      values: [value],
    })),
  );
}

const labelOperators: Readonly<Partial<Record<LabelOperator, string>>> = {
  in: 'In',
  '=': 'In',
  '==': 'In',
  notin: 'NotIn',
  '!=': 'NotIn',
  exists: 'Exists',
  '!': 'DoesNotExist',
};

function labelRequirements(selector: string): Requirement[] {
  return orNothing(() =>
    parseLabelSelector(selector).flatMap(({ key, operator, values }) => {
      const asked = labelOperators[operator];
      if (asked === undefined) return [];
      return [{ key, operator: asked, ...(values.length === 0 ? {} : { values: [...values] }) }];
    }),
  );
}

function orNothing(read: () => Requirement[]): Requirement[] {
  try {
    return read();
  } catch {
    return [];
  }
}
