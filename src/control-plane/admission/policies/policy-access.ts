import { messageOf } from '../../../apimachinery/error-message.ts';
import type { AccessAnswer, AccessQuestion, AskAccess } from '../../../cel/library/authorizer.ts';
import type { UserInfo } from '../../authentication/authenticator.ts';
import type { AdmissionContext } from '../admission-plugin.ts';

/** An answer is needed before the evaluation can go on. */
class PendingQuestion extends Error {
  readonly question: AccessQuestion;

  constructor(question: AccessQuestion) {
    super('the authorizer has to be asked first');
    this.question = question;
  }
}

/**
 * Answers expressions' questions to the authorizer. Expressions are evaluated in one go: one that asks something new is
 * given up, and evaluated again once the answer is known.
 */
export class PolicyAccess {
  readonly #context: AdmissionContext;
  readonly #user: UserInfo;
  readonly #answers = new Map<string, AccessAnswer>();

  constructor(context: AdmissionContext, user: UserInfo) {
    this.#context = context;
    this.#user = user;
  }

  readonly ask: AskAccess = (question) => {
    const answer = this.#answers.get(JSON.stringify(question));
    if (answer === undefined) throw new PendingQuestion(question);
    return answer;
  };

  /** Evaluates with `ask`. @param evaluate is called again after each new question: it must not change anything */
  async resolve<T>(evaluate: () => T): Promise<T> {
    for (;;) {
      try {
        return evaluate();
      } catch (error) {
        if (!(error instanceof PendingQuestion)) throw error;
        this.#answers.set(JSON.stringify(error.question), await this.#authorize(error.question));
      }
    }
  }

  async #authorize({ serviceAccount, path, ...question }: AccessQuestion): Promise<AccessAnswer> {
    const { group, ...place } = question;
    try {
      const { allowed, reason } = await this.#context.access.authorize({
        ...place,
        user: serviceAccount === undefined ? this.#user : serviceAccountUser(serviceAccount),
        isResourceRequest: path === undefined,
        apiGroup: group,
        apiVersion: path === undefined ? '*' : '',
        path: path ?? '',
      });
      return { allowed, reason, error: '' };
    } catch (error) {
      return { allowed: false, reason: '', error: messageOf(error) };
    }
  }
}

function serviceAccountUser({ namespace, name }: { readonly namespace: string; readonly name: string }): UserInfo {
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    uid: '',
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
    extra: {},
  };
}
