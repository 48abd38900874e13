import { type FieldError, type FieldPath, invalid, invalidFor } from '../../../apimachinery/field-error.ts';
import { isDns1123Subdomain } from '../../../apimachinery/names.ts';
import type { WindowsSecurityContextOptions } from '../../types/core-v1.ts';

const mostSpecKiB = 64;
const mostDomain = 256;
const mostUser = 104;
const controlCharacter = /[\p{Cc}]/u;
const netBiosName = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const dnsLabel = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const dnsName = new RegExp(`^${dnsLabel}(?:\\.${dnsLabel})*$`);

/** What a container on Windows runs as (core validation's validateWindowsSecurityContextOptions). */
export function validateWindowsOptions(
  options: WindowsSecurityContextOptions | undefined,
  path: FieldPath,
): FieldError[] {
  const { gmsaCredentialSpecName: specName, gmsaCredentialSpec: spec, runAsUserName } = options ?? {};
  const errors =
    specName === undefined
      ? []
      : invalidFor(path.child('gmsaCredentialSpecName'), specName, isDns1123Subdomain(specName));
  const specAt = path.child('gmsaCredentialSpec');
  if (spec === '') errors.push(invalid(specAt, spec, 'gmsaCredentialSpec cannot be an empty string'));
  else if (spec !== undefined && Buffer.byteLength(spec) > mostSpecKiB * 1024) {
    errors.push(invalid(specAt, spec, `gmsaCredentialSpec size must be under ${mostSpecKiB} KiB`));
  }
  if (runAsUserName === undefined) return errors;
  return [...errors, ...invalidFor(path.child('runAsUserName'), runAsUserName, userNameProblems(runAsUserName))];
}

/** `DOMAIN\USER`, the domain optional. */
function userNameProblems(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string'];
  if (controlCharacter.test(name)) return ['runAsUserName cannot contain control characters'];
  const parts = name.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const user = parts.at(-1) ?? '';
  const domain = parts.length === 2 ? parts[0] : undefined;
  const problems: string[] = [];
  if (domain !== undefined) {
    if (Buffer.byteLength(domain) >= mostDomain) {
      problems.push(`runAsUserName's Domain length must be under ${mostDomain} characters`);
    }
    if (!netBiosName.test(domain) && !dnsName.test(domain)) {
      problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
    }
  }
  if (user === '') problems.push("runAsUserName's User cannot be empty");
  else if (Buffer.byteLength(user) > mostUser) {
    problems.push(`runAsUserName's User length must not be longer than ${mostUser} characters`);
  }
  if (/^[. ]+$/.test(user)) problems.push("runAsUserName's User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    problems.push('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]');
  }
  return problems;
}
