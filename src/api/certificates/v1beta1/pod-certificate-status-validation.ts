import { X509Certificate } from 'node:crypto';
import {
  type FieldError,
  FieldPath,
  invalid,
  invalidWithoutValue,
  notSupported,
  required,
  tooLong,
} from '../../../apimachinery/field-error.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import { validateConditions } from '../../condition-validation.ts';
import { type PemBlock, pemBlocks } from '../../../apimachinery/pem-blocks.ts';
import { readKeyRequest, readPublicKey } from '../public-keys.ts';
import type { PodCertificateRequest } from './pod-certificate-request-strategy.ts';

type Status = NonNullable<PodCertificateRequest['status']>;

const path = new FieldPath('status');
const chainPath = path.child('certificateChain');
const known = ['Issued', 'Denied', 'Failed'];
const maxChainBytes = 100 * 1024;
const minute = 60_000;

/**
 * Checks an answer to a request: it is given once, and a certificate is one for the key that was asked for, of now, and
 * as long as it may be.
 * @param now milliseconds since the epoch
 */
export function validatePodCertificateStatus(
  request: PodCertificateRequest,
  old: PodCertificateRequest,
  now: number,
): FieldError[] {
  const { status = {} } = request;
  const { status: before = {} } = old;
  const { conditions = [] } = status;
  const errors = [...validateKnown(conditions), ...validateConditions(conditions, path.child('conditions'))];
  if (errors.length > 0) return errors;
  const wrong = (text: string): FieldError[] => [invalidWithoutValue(path, text)];
  if (known.some((type) => has(before, type))) {
    const text = 'immutable after PodCertificateRequest is issued, denied, or failed';
    return equalSemantic(status, before) ? [] : wrong(text);
  }
  if (has(status, 'Denied') || has(status, 'Failed')) {
    const text = 'non-condition status fields must be empty when denying or failing the PodCertificateRequest';
    return equalSemantic(status, { conditions }) ? [] : wrong(text);
  }
  if (has(status, 'Issued')) return validateIssued(status, old, now);
  const text = 'status is immutable unless transitioning to "Issued", "Denied", or "Failed"';
  return equalSemantic(status, before) ? [] : wrong(text);
}

function has({ conditions = [] }: Status, wanted: string): boolean {
  return conditions.some(({ type, status }) => type === wanted && status === 'True');
}

/** One answer at most, and a plain one. The real server has a dot before the index. */
function validateKnown(conditions: NonNullable<Status['conditions']>): FieldError[] {
  let count = 0;
  return conditions.flatMap(({ type, status }, index) => {
    const at = path.child('conditions', `[${index}]`);
    if (!known.includes(type)) return [notSupported(at.child('type'), type, known)];
    count++;
    const text = 'There may be at most one condition with type "Issued", "Denied", or "Failed"';
    return [
      ...(count > 1 ? [invalid(at.child('type'), type, text)] : []),
      ...(status === 'True' ? [] : [notSupported(at.child('status'), status, ['True'])]),
    ];
  });
}

function validateIssued(status: Status, old: PodCertificateRequest, now: number): FieldError[] {
  const { certificateChain: chain = '' } = status;
  if (Buffer.byteLength(chain) > maxChainBytes) return [tooLong(chainPath, maxChainBytes)];
  const wrong = (text: string): FieldError[] => [invalid(chainPath, chain, text)];
  const [first, ...others] = pemBlocks(chain);
  if (first === undefined) return wrong('issued certificate chain must contain at least one certificate');
  if (first.type !== 'CERTIFICATE') {
    return wrong('issued certificate chain must consist entirely of CERTIFICATE PEM blocks');
  }
  const leaf = readCertificate(first);
  if (leaf === undefined) return wrong('leaf certificate does not parse as valid X.509');
  const ofNames = validateNames(leaf);
  const key = requestedKey(old);
  if (key === undefined) return [...ofNames, ...unreadableKey(old)];
  if (!key.equals(leaf.publicKey)) {
    return [...ofNames, ...wrong('leaf certificate was not issued to the requested public key')];
  }
  const missing = validatePresence(status);
  if (ofNames.length + missing.length > 0) return [...ofNames, ...missing];
  const ofTimes = validateTimes(status, leaf, old.spec.maxExpirationSeconds ?? 0, now);
  if (ofTimes.length > 0) return ofTimes;
  for (const block of others) {
    // The real server writes it so.
    const notAll = 'issued certificate chain must consist entirely of CERTFICATE PEM blocks';
    if (block.type !== 'CERTIFICATE') return wrong(notAll);
    if (readCertificate(block) === undefined) return wrong('intermediate certificate does not parse as valid X.509');
  }
  return [];
}

function readCertificate({ bytes }: PemBlock): X509Certificate | undefined {
  try {
    return new X509Certificate(bytes);
  } catch {
    return undefined;
  }
}

/** Names that a certificate is also for, as OpenSSL lists them: `DNS:a.b, email:c@d`, in quotes where they are odd. */
function validateNames({ subjectAltName = '' }: X509Certificate): FieldError[] {
  const names = [...subjectAltName.matchAll(/(?:^|, )(\w[\w ]*):("(?:[^"\\]|\\.)*"|[^,]*)/g)].map(
    ([, kind = '', text = '']) => ({
      kind,
      value: text.startsWith('"') ? String(JSON.parse(text)) : text,
    }),
  );
  const wrong = (value: string, text: string): FieldError => invalid(chainPath, value, text);
  const ofDomains = names
    .filter(({ kind }) => kind === 'DNS')
    .flatMap(({ value }) => [
      ...(value === '' ? [wrong(value, 'leaf certificate should not contain empty DNSName')] : []),
      ...(value.includes('..') ? [wrong(value, "leaf certificate's DNSName should not contain '..'")] : []),
      ...(value.startsWith('.') || value.endsWith('.')
        ? [wrong(value, "leaf certificate's DNSName should not start or end with '.'")]
        : []),
    ]);
  const ofAddresses = names
    .filter(({ kind, value }) => kind === 'email' && !/^[^\s@<>]+@[^\s@<>]+$/.test(value))
    .map(({ value }) => wrong(value, 'leaf certificate should not contain invalid EmailAddress'));
  return [...ofDomains, ...ofAddresses];
}

function requestedKey({ spec }: PodCertificateRequest): ReturnType<typeof readPublicKey> {
  const { stubPKCS10Request: request, pkixPublicKey: key } = spec;
  return (request ?? '') === ''
    ? readPublicKey(Buffer.from(key ?? '', 'base64'))
    : readKeyRequest(Buffer.from(request ?? '', 'base64'))?.key;
}

function unreadableKey({ spec }: PodCertificateRequest): FieldError[] {
  const specPath = new FieldPath('spec');
  return (spec.stubPKCS10Request ?? '') === ''
    ? [invalidWithoutValue(specPath.child('pkixPublicKey'), 'must be a valid PKIX-serialized public key')]
    : [invalidWithoutValue(specPath.child('stubPKCS10Request'), 'must be a valid PKCS#10 CSR')];
}

function validatePresence({ notBefore, notAfter, beginRefreshAt }: Status): FieldError[] {
  const text = 'must be present and consistent with the issued certificate';
  const range = 'must be present and in the range [notbefore+10min, notafter-10min]';
  return [
    ...(notBefore === undefined ? [required(path.child('notBefore'), text)] : []),
    ...(notAfter === undefined ? [required(path.child('notAfter'), text)] : []),
    ...(beginRefreshAt === undefined ? [required(path.child('beginRefreshAt'), range)] : []),
  ];
}

/** The first that is wrong of what the status says of time. */
function validateTimes(status: Status, leaf: X509Certificate, maxSeconds: number, now: number): FieldError[] {
  const { notBefore = '', notAfter = '', beginRefreshAt = '' } = status;
  const [from, to, refresh] = [notBefore, notAfter, beginRefreshAt].map((text) => Date.parse(text)) as [
    number,
    number,
    number,
  ];
  const [validFrom, validTo] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  const lifetime = validTo - validFrom;
  const nanoseconds = lifetime * 1_000_000;
  const rules: readonly (readonly [holds: boolean, at: FieldPath, value: unknown, text: string])[] = [
    [
      from === validFrom,
      path.child('notBefore'),
      notBefore,
      'must be set to the NotBefore time encoded in the leaf certificate',
    ],
    [
      Math.abs(from - now) < 5 * minute,
      path.child('notBefore'),
      notBefore,
      "must be set to within 5 minutes of kube-apiserver's current time",
    ],
    [
      to === validTo,
      path.child('notAfter'),
      notAfter,
      'must be set to the NotAfter time encoded in the leaf certificate',
    ],
    [lifetime >= 60 * minute, chainPath, nanoseconds, 'leaf certificate lifetime must be >= 1 hour'],
    [
      lifetime <= maxSeconds * 1000,
      chainPath,
      nanoseconds,
      `leaf certificate lifetime must be <= spec.maxExpirationSeconds (${maxSeconds})`,
    ],
    [
      refresh >= from + 10 * minute,
      path.child('beginRefreshAt'),
      beginRefreshAt,
      'must be at least 10 minutes after status.notBefore',
    ],
    [
      refresh <= to - 10 * minute,
      path.child('beginRefreshAt'),
      beginRefreshAt,
      'must be at least 10 minutes before status.notAfter',
    ],
  ];
  const broken = rules.find(([holds]) => !holds);
  return broken === undefined ? [] : [invalid(broken[1], broken[2], broken[3])];
}
