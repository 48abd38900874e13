import { messageOf } from '../../apimachinery/error-message.ts';
import type { HttpRequest } from '../../apimachinery/http.ts';
import { unauthorized } from '../../apimachinery/status.ts';

/** Who asks. */
export interface UserInfo {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** What is to be told of credentials besides whose they are. */
export interface CredentialNotes {
  /** For the audit log. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** For who came with them. */
  readonly warnings?: readonly string[];
}

/** One way to find out who asks. */
export interface Authenticator {
  /** Its name in errors and logs. */
  readonly name: string;
  /**
   * @returns undefined when the request carries no credentials of this kind.
   * @param note is told what else there is to say of credentials that hold.
   * @throws Error, with the reason, for credentials that do not hold.
   */
  authenticate(request: HttpRequest, note?: (notes: CredentialNotes) => void): Promise<UserInfo | undefined>;
}

/** Everyone who is known is in this group too. */
const authenticatedGroup = 'system:authenticated';

/** What the API server asks; `onRefusal` is told why credentials did not hold (never the credentials). */
export interface UnionOptions {
  readonly onRefusal?: (reasons: readonly string[]) => void;
}

/**
 * Tries every authenticator in order; the first that knows the user wins. When none does and at least one found
 * credentials that do not hold, the request is refused with 401.
 * @returns undefined when there were no credentials at all.
 */
export function unionAuthenticator(
  authenticators: readonly Authenticator[],
  options: UnionOptions = {},
): Pick<Authenticator, 'authenticate'> {
  return {
    async authenticate(request, note) {
      const reasons: string[] = [];
      for (const authenticator of authenticators) {
        try {
          const user = await authenticator.authenticate(request, note);
          if (user !== undefined) return withAuthenticatedGroup(user);
        } catch (error) {
          reasons.push(`${authenticator.name}: ${messageOf(error)}`);
        }
      }
      if (reasons.length === 0) return undefined;
      options.onRefusal?.(reasons);
      throw unauthorized();
    },
  };
}

/** Adds the group that everyone who is known is in. */
export function withAuthenticatedGroup(user: UserInfo): UserInfo {
  const known = user.groups.includes(authenticatedGroup) || user.username === 'system:anonymous';
  return known ? user : { ...user, groups: [...user.groups, authenticatedGroup] };
}
