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
  authorize(attributes: AuthorizationAttributes): Promise<{ allowed: boolean; reason: string }>;
} {
  return {
    async authorize(attributes) {
      const reasons: string[] = [];
      for (const authorizer of authorizers) {
        const { decision, reason } = await authorizer.authorize(attributes);
        if (decision !== 'noOpinion') return { allowed: decision === 'allow', reason };
        if (reason !== '') reasons.push(reason);
      }
      return { allowed: false, reason: reasons.join('\n') };
    },
  };
}
