import { derTags, type DerValue, readDer, readObjectIdentifier } from './der.ts';

/** A name of a certificate, or what names must be below (RFC 5280, GeneralName); others than these are not told apart. */
export type GeneralName =
  | { readonly type: 'dns' | 'email' | 'uri'; readonly value: string }
  | { readonly type: 'ip'; readonly bytes: Uint8Array }
  | { readonly type: 'other' };

/** What the extensions of a certificate allow and demand (RFC 5280, 4.2). */
export interface CertificateExtensions {
  /** 1 to 3. */
  readonly version: number;
  /** Whether it may sign others, and how many authorities may stand below it; absent when it does not say. */
  readonly basicConstraints?: { readonly isAuthority: boolean; readonly pathLength?: number };
  /** Whether its key may sign certificates; absent when it may do anything. */
  readonly maySign?: boolean;
  /** Object identifiers; empty when it may be used for anything. */
  readonly extendedUsages: readonly string[];
  readonly alternativeNames: readonly GeneralName[];
  readonly permittedNames: readonly GeneralName[];
  readonly excludedNames: readonly GeneralName[];
  /** Demands that are not understood here: who does not know them must not trust the certificate. */
  readonly unknownDemands: readonly string[];
}

const id = {
  keyUsage: '2.5.29.15',
  alternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  extendedKeyUsage: '2.5.29.37',
};

/** That demand nothing of who only wants to know whether a chain holds. */
const harmless: ReadonlySet<string> = new Set([
  ...Object.values(id),
  '1.3.6.1.5.5.7.1.1',
  ...[14, 31, 32, 33, 35, 36, 54].map((last) => `2.5.29.${last}`),
]);

/** Reads the extensions of a certificate. @param der the whole certificate. @throws Error for what is none */
export function readCertificateExtensions(der: Uint8Array): CertificateExtensions {
  const parts = children(inner(der)[0]);
  const versionField = parts.find(({ tag }) => tag === derTags.constructed(0));
  const version = (children(versionField)[0]?.content[0] ?? 0) + 1;
  const list = children(children(parts.find(({ tag }) => tag === derTags.constructed(3)))[0]);
  const found = new Map<string, Uint8Array>();
  const unknownDemands: string[] = [];
  for (const extension of list) {
    const values = children(extension);
    const name = readObjectIdentifier(values[0]?.content ?? new Uint8Array());
    const isCritical = values.some(({ tag, content }) => tag === derTags.boolean && content[0] !== 0);
    found.set(name, values.at(-1)?.content ?? new Uint8Array());
    if (isCritical && !harmless.has(name)) unknownDemands.push(name);
  }
  const names = nameConstraints(found.get(id.nameConstraints));
  if (names.isPartlyUnknown) unknownDemands.push(id.nameConstraints);
  const constraints = basicConstraints(found.get(id.basicConstraints));
  const usage = found.get(id.keyUsage);
  const usages = found.get(id.extendedKeyUsage);
  const alternatives = found.get(id.alternativeName);
  return {
    version,
    ...(constraints === undefined ? {} : { basicConstraints: constraints }),
    // The sixth bit, keyCertSign; a bit string begins with the number of bits that it does not use.
    ...(usage === undefined ? {} : { maySign: ((readDer(usage)[0]?.content[1] ?? 0) & 0x04) !== 0 }),
    extendedUsages: usages === undefined ? [] : inner(usages).map(({ content }) => readObjectIdentifier(content)),
    alternativeNames: alternatives === undefined ? [] : inner(alternatives).map(generalName),
    permittedNames: names.permitted,
    excludedNames: names.excluded,
    unknownDemands,
  };
}

function children(value: Pick<DerValue, 'content'> | undefined): DerValue[] {
  return value === undefined ? [] : readDer(value.content);
}

/** The values of the one that some bytes hold. */
function inner(bytes: Uint8Array): DerValue[] {
  return children(readDer(bytes)[0]);
}

function basicConstraints(bytes: Uint8Array | undefined): CertificateExtensions['basicConstraints'] {
  if (bytes === undefined) return undefined;
  const values = inner(bytes);
  const isAuthority = values.some(({ tag, content }) => tag === derTags.boolean && content[0] !== 0);
  const length = values.find(({ tag }) => tag === derTags.integer)?.content;
  if (length === undefined) return { isAuthority };
  return { isAuthority, pathLength: Buffer.from(length).readUIntBE(0, Math.min(length.length, 6)) };
}

function nameConstraints(bytes: Uint8Array | undefined): {
  readonly permitted: GeneralName[];
  readonly excluded: GeneralName[];
  readonly isPartlyUnknown: boolean;
} {
  const [permitted = [], excluded = []] = [0, 1].map((number) =>
    bytes === undefined
      ? []
      : children(inner(bytes).find(({ tag }) => tag === derTags.constructed(number))).map((subtree) => {
          const [base, ...bounds] = children(subtree);
          return base === undefined || bounds.length > 0 ? ({ type: 'other' } as const) : generalName(base);
        }),
  );
  return { permitted, excluded, isPartlyUnknown: [...permitted, ...excluded].some(({ type }) => type === 'other') };
}

function generalName({ tag, content }: DerValue): GeneralName {
  const value = Buffer.from(content).toString('latin1');
  if (tag === derTags.primitive(1)) return { type: 'email', value };
  if (tag === derTags.primitive(2)) return { type: 'dns', value };
  if (tag === derTags.primitive(6)) return { type: 'uri', value };
  return tag === derTags.primitive(7) ? { type: 'ip', bytes: content } : { type: 'other' };
}
