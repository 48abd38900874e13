import { isDns1123Label, isDns1123Subdomain } from '../../apimachinery/names.ts';
import { declare, type FunctionDeclaration, member } from '../declarations.ts';
import { type CelType, structType, types } from '../types.ts';
import { CelEvaluationError, CelOpaque, type CelValue } from '../values.ts';
import { opaqueOf, textOf } from './arguments.ts';

const { bool, string } = types;

/** The type of the variable `authorizer`. */
export const authorizerType = structType('kubernetes.authorization.Authorizer');
/** The type of the variable `authorizer.requestResource`. */
export const resourceCheckType = structType('kubernetes.authorization.ResourceCheck');
const pathCheckType = structType('kubernetes.authorization.PathCheck');
const groupCheckType = structType('kubernetes.authorization.GroupCheck');
const decisionType = structType('kubernetes.authorization.Decision');

/** What an expression asks the authorizer. */
export interface AccessQuestion {
  readonly verb: string;
  /** Who is asked about, when it is not the user of the request. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
  /** Set for requests that are about no resource. */
  readonly path?: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly fieldSelector: string;
  readonly labelSelector: string;
}

/** What the authorizer says. */
export interface AccessAnswer {
  readonly allowed: boolean;
  readonly reason: string;
  /** What went wrong; the empty string when nothing did. */
  readonly error: string;
}

/** Answers at once; what it throws ends the evaluation, unless it is a CelEvaluationError. */
export type AskAccess = (question: AccessQuestion) => AccessAnswer;

/** The authorizer, as expressions see it. */
export class CelAuthorizer extends CelOpaque {
  readonly type: CelType = authorizerType;
  readonly ask: AskAccess;
  readonly serviceAccount: AccessQuestion['serviceAccount'];

  constructor(ask: AskAccess, serviceAccount?: AccessQuestion['serviceAccount']) {
    super();
    this.ask = ask;
    this.serviceAccount = serviceAccount;
  }

  equalTo(other: CelOpaque): boolean {
    return other === this;
  }

  /** A question about a resource, to be made narrower. */
  about(place: Partial<Omit<AccessQuestion, 'verb' | 'serviceAccount'>>): CelAccessCheck {
    const type = place.path === undefined ? resourceCheckType : pathCheckType;
    return new CelAccessCheck(type, this, { ...anything, ...place });
  }
}

const anything: Omit<AccessQuestion, 'verb'> = {
  group: '',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
  fieldSelector: '',
  labelSelector: '',
};

/** A question without its verb. */
class CelAccessCheck extends CelOpaque {
  readonly type: CelType;
  readonly #authorizer: CelAuthorizer;
  readonly #question: Omit<AccessQuestion, 'verb'>;

  constructor(type: CelType, authorizer: CelAuthorizer, question: Omit<AccessQuestion, 'verb'>) {
    super();
    this.type = type;
    this.#authorizer = authorizer;
    this.#question = question;
  }

  equalTo(other: CelOpaque): boolean {
    return other === this;
  }

  with(part: Partial<AccessQuestion>, type: CelType = this.type): CelAccessCheck {
    return new CelAccessCheck(type, this.#authorizer, { ...this.#question, ...part });
  }

  check(verb: string): CelDecision {
    const { serviceAccount, ask } = this.#authorizer;
    return new CelDecision(
      ask({ ...this.#question, verb, ...(serviceAccount === undefined ? {} : { serviceAccount }) }),
    );
  }
}

class CelDecision extends CelOpaque {
  readonly type: CelType = decisionType;
  readonly answer: AccessAnswer;

  constructor(answer: AccessAnswer) {
    super();
    this.answer = answer;
  }

  equalTo(other: CelOpaque): boolean {
    return other === this;
  }
}

function narrower(name: string, id: string, part: keyof AccessQuestion): FunctionDeclaration {
  return declare(
    name,
    member(id, [resourceCheckType, string], resourceCheckType, ([check, text]) =>
      opaqueOf(check, CelAccessCheck).with({ [part]: textOf(text) }),
    ),
  );
}

function notBlank(value: CelValue | undefined, what: string): string {
  const text = textOf(value);
  if (text.trim() === '') throw new CelEvaluationError(`${what} must not be empty`);
  return text;
}

function check([subject, verb]: readonly CelValue[]): CelValue {
  return opaqueOf(subject, CelAccessCheck).check(textOf(verb));
}

function forServiceAccount([authorizer, namespace, name]: readonly CelValue[]): CelValue {
  const account = { namespace: textOf(namespace), name: textOf(name) };
  if (isDns1123Subdomain(account.name).length > 0) throw new CelEvaluationError('Invalid service account name');
  if (isDns1123Label(account.namespace).length > 0) {
    throw new CelEvaluationError('Invalid service account namespace');
  }
  return new CelAuthorizer(opaqueOf(authorizer, CelAuthorizer).ask, account);
}

function decided(name: string, result: CelType, read: (answer: AccessAnswer) => CelValue): FunctionDeclaration {
  return declare(
    name,
    member(`decision_${name}`, [decisionType], result, ([decision]) => read(opaqueOf(decision, CelDecision).answer)),
  );
}

/** Kubernetes' functions to ask the authorizer (apiserver's cel/library/authz.go). */
export const authorizerLibrary: readonly FunctionDeclaration[] = [
  declare(
    'path',
    member('authorizer_path', [authorizerType, string], pathCheckType, ([authorizer, path]) =>
      opaqueOf(authorizer, CelAuthorizer).about({ path: notBlank(path, 'path') }),
    ),
  ),
  declare(
    'group',
    member('authorizer_group', [authorizerType, string], groupCheckType, ([authorizer, group]) =>
      opaqueOf(authorizer, CelAuthorizer)
        .about({})
        .with({ group: textOf(group) }, groupCheckType),
    ),
  ),
  declare(
    'serviceAccount',
    member('authorizer_serviceaccount', [authorizerType, string, string], authorizerType, forServiceAccount),
  ),
  declare(
    'resource',
    member('groupcheck_resource', [groupCheckType, string], resourceCheckType, ([group, resource]) =>
      opaqueOf(group, CelAccessCheck).with({ resource: notBlank(resource, 'resource') }, resourceCheckType),
    ),
  ),
  narrower('subresource', 'resourcecheck_subresource', 'subresource'),
  narrower('namespace', 'resourcecheck_namespace', 'namespace'),
  narrower('name', 'resourcecheck_name', 'name'),
  narrower('fieldSelector', 'authorizer_fieldselector', 'fieldSelector'),
  narrower('labelSelector', 'authorizer_labelselector', 'labelSelector'),
  declare(
    'check',
    member('pathcheck_check', [pathCheckType, string], decisionType, check),
    member('resourcecheck_check', [resourceCheckType, string], decisionType, check),
  ),
  decided('errored', bool, ({ error }) => error !== ''),
  decided('error', string, ({ error }) => error),
  decided('allowed', bool, ({ allowed }) => allowed),
  decided('reason', string, ({ reason }) => reason),
];
