import type { PolicyRule } from '../../api/types/rbac-v1.ts';
import { aggregateMessages } from '../../apimachinery/field-error.ts';
import type { UserInfo } from '../authentication/authenticator.ts';

/** What is asked. */
export interface AuthorizationAttributes {
  readonly user: UserInfo;
  readonly verb: string;
  readonly isResourceRequest: boolean;
  readonly apiGroup: string;
  readonly apiVersion: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Path of a request that is about no resource. */
  readonly path: string;
  readonly fieldSelector: string;
  readonly labelSelector: string;
  /** Whether nothing changes; told by the verb where it is not said. */
  readonly isReadOnly?: boolean;
}

const readVerbs = ['get', 'list', 'watch'];

/** Whether a request changes nothing. */
export function isReadOnly({ verb, isReadOnly: said }: AuthorizationAttributes): boolean {
  return said ?? readVerbs.includes(verb);
}

/** One authorizer's say. */
export interface AuthorizationDecision {
  readonly decision: 'allow' | 'deny' | 'noOpinion';
  readonly reason: string;
  /** What went wrong while it was found out. */
  readonly error?: string;
}

export interface Authorizer {
  authorize(attributes: AuthorizationAttributes): Promise<AuthorizationDecision>;
  /** The rules that it holds for a user, for those that can list them. */
  rulesFor?(user: UserInfo, namespace: string): readonly { readonly rule: PolicyRule }[];
  /** Why a user may be allowed more than rulesFor tells. */
  rulesProblem?(user: UserInfo): string | undefined;
}

const everything: readonly { readonly rule: PolicyRule }[] = [
  { rule: { verbs: ['*'], apiGroups: ['*'], resources: ['*'] } },
  { rule: { verbs: ['*'], nonResourceURLs: ['*'] } },
];

/** Members of system:masters may do everything, whatever the other authorizers say. */
export const privilegedGroupAuthorizer: Authorizer = {
  async authorize({ user }) {
    const allowed = user.groups.includes('system:masters');
    return { decision: allowed ? 'allow' : 'noOpinion', reason: '' };
  },
};

export const alwaysAllowAuthorizer: Authorizer = {
  authorize: async () => ({ decision: 'allow', reason: '' }),
  rulesFor: () => everything,
};

export const alwaysDenyAuthorizer: Authorizer = {
  authorize: async () => ({ decision: 'noOpinion', reason: 'Everything is forbidden.' }),
};

/** An authorizer whose decisions are told of, as soon as they end the question. */
export function countedAuthorizer(
  authorizer: Authorizer,
  onDecision: (decision: 'allowed' | 'denied') => void,
): Authorizer {
  return {
    async authorize(attributes) {
      const answer = await authorizer.authorize(attributes);
      if (answer.decision !== 'noOpinion') onDecision(answer.decision === 'allow' ? 'allowed' : 'denied');
      return answer;
    },
    rulesFor: (user, namespace) => authorizer.rulesFor?.(user, namespace) ?? [],
    rulesProblem: (user) => authorizer.rulesProblem?.(user),
  };
}

/** Several authorizers as one. */
export interface AuthorizerChain {
  /** The decision itself, for access reviews. */
  decide(attributes: AuthorizationAttributes): Promise<AuthorizationDecision>;
  authorize(attributes: AuthorizationAttributes): Promise<{ allowed: boolean; reason: string; error?: string }>;
  /** The rules of a user in a namespace, as far as authorizers can list them. */
  rulesFor(user: UserInfo, namespace: string): readonly { readonly rule: PolicyRule }[];
  /** Why there may be more than rulesFor lists; undefined when that is all. */
  rulesProblem(user: UserInfo): string | undefined;
}

/** Asks in order until one allows or denies; nobody's opinion is a no. */
export function unionAuthorizer(authorizers: readonly Authorizer[]): AuthorizerChain {
  const decide = async (attributes: AuthorizationAttributes): Promise<AuthorizationDecision> => {
    const reasons: string[] = [];
    const errors: string[] = [];
    for (const authorizer of authorizers) {
      const answer = await authorizer.authorize(attributes);
      if (answer.decision !== 'noOpinion') return answer;
      if (answer.reason !== '') reasons.push(answer.reason);
      if (answer.error !== undefined) errors.push(answer.error);
    }
    const reason = reasons.join('\n');
    return { decision: 'noOpinion', reason, ...(errors.length === 0 ? {} : { error: aggregateMessages(errors) }) };
  };
  return {
    decide,
    async authorize(attributes) {
      const { decision, ...rest } = await decide(attributes);
      return { allowed: decision === 'allow', ...rest };
    },
    rulesFor: (user, namespace) => authorizers.flatMap((one) => one.rulesFor?.(user, namespace) ?? []),
    rulesProblem(user) {
      const problems = authorizers.map((one) => one.rulesProblem?.(user)).filter((problem) => problem !== undefined);
      return problems.length === 0 ? undefined : aggregateMessages(problems);
    },
  };
}
