import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';

/** The credential plugin that asks the keychain. */
export const keychainHelper = { command: 'kubectl-ts', argument: 'credential-helper' };

/** The account that a user's entry names; undefined for one whose credentials are elsewhere. */
export function accountOf(user: JsonObject): string | undefined {
  const { exec } = user;
  if (!isJsonObject(exec) || exec['command'] !== keychainHelper.command) return undefined;
  const args: JsonValue = exec['args'] ?? null;
  const [argument, account] = Array.isArray(args) ? args : [];
  return argument === keychainHelper.argument && typeof account === 'string' ? account : undefined;
}
