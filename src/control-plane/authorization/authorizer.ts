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
}

/** One authorizer's say. */
export interface AuthorizationDecision {
  readonly decision: 'allow' | 'deny' | 'noOpinion';
  readonly reason: string;
}

export interface Authorizer {
  authorize(attributes: AuthorizationAttributes): Promise<AuthorizationDecision>;
}

/** Members of system:masters may do everything, whatever the other authorizers say. */
export const privilegedGroupAuthorizer: Authorizer = {
  async authorize({ user }) {
    const allowed = user.groups.includes('system:masters');
    return { decision: allowed ? 'allow' : 'noOpinion', reason: '' };
  },
};

export const alwaysAllowAuthorizer: Authorizer = {
  authorize: async () => ({ decision: 'allow', reason: '' }),
};

export const alwaysDenyAuthorizer: Authorizer = {
  authorize: async () => ({ decision: 'noOpinion', reason: 'Everything is forbidden.' }),
};

/** Asks in order until one allows or denies; nobody's opinion is a no. */
export function unionAuthorizer(authorizers: readonly Authorizer[]): {
  /** The decision itself, for access reviews. */
  decide(attributes: AuthorizationAttributes): Promise<AuthorizationDecision>;
  authorize(attributes: AuthorizationAttributes): Promise<{ allowed: boolean; reason: string }>;
} {
  const decide = async (attributes: AuthorizationAttributes): Promise<AuthorizationDecision> => {
    const reasons: string[] = [];
    for (const authorizer of authorizers) {
      const answer = await authorizer.authorize(attributes);
      if (answer.decision !== 'noOpinion') return answer;
      if (answer.reason !== '') reasons.push(answer.reason);
    }
    return { decision: 'noOpinion', reason: reasons.join('\n') };
  };
  return {
    decide,
    async authorize(attributes) {
      const { decision, reason } = await decide(attributes);
      return { allowed: decision === 'allow', reason };
    },
  };
}
