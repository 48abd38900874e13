/** FNV-1a, 32 bits. */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

const safeAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** A number's digits as letters that spell no words (k8s.io/apimachinery/pkg/util/rand.SafeEncodeString). */
export function safeEncode(text: string): string {
  return text.replaceAll(/./gs, (char) => safeAlphabet[char.charCodeAt(0) % safeAlphabet.length] ?? 'x');
}

/**
 * The hash that names the objects made from a template. It depends on the template's content, not on the order of its
 * keys; `collisionCount` yields another one for the same template. Its value differs from kube-controller-manager's,
 * which hashes Go's memory layout; nothing compares the two.
 */
export function computeTemplateHash(template: unknown, collisionCount?: number): string {
  const suffix = collisionCount === undefined ? '' : `#${collisionCount}`;
  return safeEncode(`${fnv1a32(sortedJson(template) + suffix)}`);
}

/** JSON with sorted keys. */
export function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${sortedJson(item)}`).join(',')}}`;
}
