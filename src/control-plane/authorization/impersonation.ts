import { RecentMap } from '../../apimachinery/recent-map.ts';
import { validateDomainPrefixedPath } from '../../apimachinery/domain-prefixed-path.ts';
import { aggregateMessages, FieldPath, formatFieldError } from '../../apimachinery/field-error.ts';
import { header, headerText, type HttpHeaders } from '../../apimachinery/http.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../apimachinery/names.ts';
import { badRequest } from '../../apimachinery/status.ts';
import type { UserInfo } from '../authentication/authenticator.ts';
import { type AuthorizationAttributes, isReadOnly } from './authorizer.ts';

/** Whom the Impersonate-* headers name, before anybody was asked. */
export type WantedUser = UserInfo;

export interface ImpersonationOptions {
  authorize(attributes: AuthorizationAttributes): Promise<{ readonly allowed: boolean; readonly reason: string }>;
  /** The error for a question that was answered no. */
  refuse(attributes: AuthorizationAttributes, reason: string): Error;
  readonly memory?: ImpersonationMemory;
  /** Told by which way it was allowed. @param constraint the verb of a constrained one */
  readonly onAllowed?: (constraint: string | undefined) => void;
}

const extraPrefix = 'impersonate-extra-';
const nodePrefix = 'system:node:';
const accountPrefix = 'system:serviceaccount:';

/** @returns undefined without Impersonate-* headers. @throws StatusError 400 for headers that name no user. */
export function wantedUser(headers: HttpHeaders): WantedUser | undefined {
  const username = headerText(header(headers, 'impersonate-user') ?? '');
  const uid = headerText(header(headers, 'impersonate-uid') ?? '');
  const groups = valuesOf(headers['impersonate-group']);
  const extra: Record<string, readonly string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(extraPrefix)) extra[decodeKey(name.slice(extraPrefix.length))] = valuesOf(value);
  }
  const wanted = { username, uid, groups, extra };
  if (username !== '') return wanted;
  if (uid === '' && groups.length === 0 && Object.keys(extra).length === 0) return undefined;
  throw badRequest(`requested ${asGoStruct(wanted)} without impersonating a user name`);
}

/** As Go's `%#v` writes it. */
function asGoStruct({ username, uid, groups, extra }: WantedUser): string {
  const quote = (text: string): string => JSON.stringify(text);
  const strings = (list: readonly string[]): string => `[]string{${list.map(quote).join(', ')}}`;
  const names = Object.keys(extra).toSorted();
  const map = names.map((name) => `${quote(name)}:${strings(extra[name] ?? [])}`).join(', ');
  const fields = [
    `Name:${quote(username)}`,
    `UID:${quote(uid)}`,
    `Groups:${groups.length === 0 ? '[]string(nil)' : strings(groups)}`,
    `Extra:map[string][]string${names.length === 0 ? '(nil)' : `{${map}}`}`,
  ];
  return `&user.DefaultInfo{${fields.join(', ')}}`;
}

function valuesOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return (typeof value === 'string' ? [value] : value).map(headerText);
}

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/**
 * The user a request goes on as. First the constrained ways are tried (KEP-5284), which also ask whether the request's
 * own verb may be used while impersonating, then the one that asks for nothing but `impersonate`.
 * @param request what the request itself asks, with the user who really asks.
 * @throws what `refuse` makes of the first question that was answered no.
 */
export async function impersonate(
  wanted: WantedUser,
  request: AuthorizationAttributes,
  options: ImpersonationOptions,
): Promise<UserInfo> {
  const { memory } = options;
  const modes = [...modesFor(wanted, request.user), 'legacy' as const];
  const last = memory?.lastOf(request.user.username);
  const first = modes.filter((mode) => mode === last);
  let firstRefusal: unknown;
  for (const mode of [...first, ...modes.filter((other) => other !== last)]) {
    try {
      const user = await impersonateBy(mode, wanted, request, options);
      memory?.remember(request.user.username, mode);
      options.onAllowed?.(mode === 'legacy' ? undefined : `impersonate:${mode}`);
      return user;
    } catch (error) {
      firstRefusal ??= error;
    }
  }
  throw firstRefusal;
}

async function impersonateBy(
  mode: Mode | 'legacy',
  wanted: WantedUser,
  request: AuthorizationAttributes,
  options: ImpersonationOptions,
): Promise<UserInfo> {
  if (mode === 'legacy') return impersonateIn(undefined, wanted, request.user, options);
  const verb = `impersonate-on:${mode}:${request.verb}`;
  // It is the same request as before, so what only reads does so for somebody else, too.
  await ask({ ...requestorOf(mode, request), verb, isReadOnly: isReadOnly(request) }, options);
  return impersonateIn(mode, wanted, request.user, options);
}

const rememberedUsers = 10_000;

/** Which way of impersonating a user was last allowed: most go on using the same, so it is tried first. */
export class ImpersonationMemory {
  readonly #modes = new RecentMap<string, Mode | 'legacy'>(rememberedUsers);

  lastOf(username: string): Mode | 'legacy' | undefined {
    return this.#modes.get(username);
  }

  remember(username: string, mode: Mode | 'legacy'): void {
    this.#modes.set(username, mode);
  }
}

type Mode = 'associated-node' | 'arbitrary-node' | 'serviceaccount' | 'user-info';

function modesFor(wanted: WantedUser, requestor: UserInfo): readonly Mode[] {
  const onlyName = wanted.uid === '' && wanted.groups.length === 0 && Object.keys(wanted.extra).length === 0;
  if (nodeName(wanted.username) !== undefined) {
    if (!onlyName) return [];
    const isOwn =
      serviceAccount(requestor.username) !== undefined &&
      requestor.extra['authentication.kubernetes.io/node-name']?.[0] === nodeName(wanted.username);
    return isOwn ? ['associated-node', 'arbitrary-node'] : ['arbitrary-node'];
  }
  if (serviceAccount(wanted.username) !== undefined) return onlyName ? ['serviceaccount'] : [];
  return ['user-info'];
}

/** For its own node an account is asked about without what else is known of it, so that the answer fits every node. */
function requestorOf(mode: Mode, request: AuthorizationAttributes): AuthorizationAttributes {
  if (mode !== 'associated-node') return request;
  return { ...request, user: associatedRequestor(request.user) };
}

function associatedRequestor(user: UserInfo): UserInfo {
  const keys = Object.keys(user.extra).toSorted();
  return { ...user, extra: { 'authentication.kubernetes.io/associated-node-keys': keys } };
}

async function impersonateIn(
  mode: Mode | undefined,
  wanted: WantedUser,
  requestor: UserInfo,
  options: ImpersonationOptions,
): Promise<UserInfo> {
  const isAssociated = mode === 'associated-node';
  const user = isAssociated ? associatedRequestor(requestor) : requestor;
  const verb = mode === undefined ? 'impersonate' : `impersonate:${mode}`;
  const coreGroup = mode === undefined ? '' : 'authentication.k8s.io';
  const about = (resource: string, name: string, apiGroup = 'authentication.k8s.io'): AuthorizationAttributes => ({
    ...resourceQuestion(user, verb, apiGroup, resource),
    name,
  });
  const groups = await askForName(mode, wanted, about, coreGroup, options);
  if (wanted.uid !== '') await ask(about('uids', wanted.uid), options);
  const groupAt = (name: string): AuthorizationAttributes => about('groups', name, coreGroup);
  if (mode !== undefined) {
    if (wanted.groups.includes('')) {
      throw options.refuse(groupAt(''), 'impersonating the empty string group is not allowed');
    }
    if (wanted.groups.includes('system:masters')) {
      throw options.refuse(groupAt('system:masters'), 'impersonating the system:masters group is not allowed');
    }
  }
  const forAllGroups = mode !== undefined && wanted.groups.length >= manyQuestions;
  if (!forAllGroups || !(await isAllowed(groupAt('*'), options))) {
    for (const group of wanted.groups) await ask(groupAt(group), options);
  }
  await askForExtra(mode, wanted.extra, about, options);
  return { ...wanted, groups: withImpliedGroup(wanted.username, groups) };
}

/** From so many on, one question about all of them comes first. */
const manyQuestions = 4;

type About = (resource: string, name: string, apiGroup?: string) => AuthorizationAttributes;

/** Asks for the name itself. @returns the groups the user will have. */
async function askForName(
  mode: Mode | undefined,
  wanted: WantedUser,
  about: About,
  coreGroup: string,
  options: ImpersonationOptions,
): Promise<readonly string[]> {
  const node = mode === undefined ? undefined : nodeName(wanted.username);
  if (node !== undefined) {
    await ask(about('nodes', mode === 'associated-node' ? '*' : node, coreGroup), options);
    return ['system:nodes'];
  }
  const account = serviceAccount(wanted.username);
  if (account === undefined) {
    await ask(about('users', wanted.username, coreGroup), options);
    return wanted.groups;
  }
  const { namespace, name } = account;
  await ask({ ...about('serviceaccounts', name, coreGroup), namespace }, options);
  return wanted.groups.length > 0 ? wanted.groups : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

async function askForExtra(
  mode: Mode | undefined,
  extra: UserInfo['extra'],
  about: About,
  options: ImpersonationOptions,
): Promise<void> {
  const values = Object.values(extra).flat();
  if (mode !== undefined) {
    const problem = extraProblem(extra);
    if (problem !== undefined) throw options.refuse(about('userextras', ''), problem);
    const isMany = Math.max(values.length, Object.keys(extra).length) >= manyQuestions;
    if (isMany && (await isAllowed({ ...about('userextras', '*'), subresource: '*' }, options))) return;
  }
  for (const [key, list] of Object.entries(extra)) {
    for (const value of list) await ask({ ...about('userextras', value), subresource: key }, options);
  }
}

/** Why the constrained ways do not take what is said of a user beyond name and groups. */
function extraProblem(extra: UserInfo['extra']): string | undefined {
  for (const [key, values] of Object.entries(extra)) {
    if (key === '') return 'impersonating the empty string key in extra is not allowed';
    const errors = validateDomainPrefixedPath(new FieldPath('extra').child('key'), key);
    if (errors.length > 0) {
      const text = aggregateMessages(errors.map(formatFieldError));
      return `impersonating an invalid key in extra is not allowed: ${text}`;
    }
    if (values.length === 0) return 'impersonating empty values in extra is not allowed';
    if (values.includes('')) return 'impersonating the empty string value in extra is not allowed';
  }
  return undefined;
}

function withImpliedGroup(username: string, groups: readonly string[]): readonly string[] {
  const implied = username === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated';
  if (groups.includes(implied) || groups.includes('system:unauthenticated')) return groups;
  return [...groups, implied];
}

function nodeName(username: string): string | undefined {
  const name = username.startsWith(nodePrefix) ? username.slice(nodePrefix.length) : '';
  return isDns1123Subdomain(name).length > 0 ? undefined : name;
}

function serviceAccount(username: string): { namespace: string; name: string } | undefined {
  if (!username.startsWith(accountPrefix)) return undefined;
  const [namespace = '', name = '', ...more] = username.slice(accountPrefix.length).split(':');
  const isWrong = more.length > 0 || isDns1123Label(namespace).length > 0 || isDns1123Subdomain(name).length > 0;
  return isWrong ? undefined : { namespace, name };
}

function resourceQuestion(user: UserInfo, verb: string, apiGroup: string, resource: string): AuthorizationAttributes {
  return {
    user,
    verb,
    isResourceRequest: true,
    apiGroup,
    apiVersion: 'v1',
    resource,
    subresource: '',
    namespace: '',
    name: '',
    path: '',
    fieldSelector: '',
    labelSelector: '',
  };
}

async function isAllowed(question: AuthorizationAttributes, options: ImpersonationOptions): Promise<boolean> {
  return (await options.authorize(question)).allowed;
}

async function ask(question: AuthorizationAttributes, options: ImpersonationOptions): Promise<void> {
  const { allowed, reason } = await options.authorize(question);
  if (!allowed) throw options.refuse(question, reason);
}
