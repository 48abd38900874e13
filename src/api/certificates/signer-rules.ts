import {
  type FieldError,
  type FieldPath,
  invalid,
  invalidFor,
  required,
  tooLong,
} from '../../apimachinery/field-error.ts';
import { isQualifiedName, nameIsDnsSubdomain } from '../../apimachinery/names.ts';

const maxAnnotationBytes = 256 * 1024;
const hour = 3600;
const day = 24 * hour;

/** How long a pod's certificate may be asked for: a day at most of signers of Kubernetes itself, 91 of others. */
export function certificateSeconds(signerName: string): { readonly least: number; readonly most: number } {
  const [domain = ''] = signerName.split('/');
  const isOfKubernetes = domain === 'kubernetes.io' || domain.endsWith('.kubernetes.io');
  return { least: hour, most: isOfKubernetes ? day : 91 * day };
}

/**
 * What is wrong with the name of a ClusterTrustBundle: that of a signer's begins with the signer's.
 * @param prefix whether more is added to it
 * @param signerName empty for none
 */
export function trustBundleNameProblems(name: string, prefix: boolean, signerName: string): string[] {
  if (signerName === '') {
    return name.includes(':')
      ? ['ClusterTrustBundle without signer name must not have ":" in its name']
      : nameIsDnsSubdomain(name, prefix);
  }
  const start = `${signerName.replaceAll('/', ':')}:`;
  return name.startsWith(start)
    ? nameIsDnsSubdomain(name.slice(start.length), prefix)
    : [`ClusterTrustBundle for signerName ${signerName} must be named with prefix ${start}`];
}

/** Checks what the writers of pods tell signers: by keys with a domain, in any case, and not too much. */
export function validateUserAnnotations(annotations: Readonly<Record<string, string>>, path: FieldPath): FieldError[] {
  const keys = Object.keys(annotations).map((key) => key.toLowerCase());
  const errors = keys
    .toSorted((left, right) => (left < right ? -1 : 1))
    .flatMap((key) => {
      if (key === '') return [required(path)];
      const messages = isQualifiedName(key);
      if (messages.length > 0) return invalidFor(path, key, messages);
      return key.includes('/') ? [] : [invalid(path, key, 'must be a domain-prefixed key (such as "acme.io/foo")')];
    });
  const size = Object.entries(annotations)
    .flat()
    .reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return size > maxAnnotationBytes ? [...errors, tooLong(path, maxAnnotationBytes)] : errors;
}
