import type { ServiceAccount } from '../api/types/core-v1.ts';
import type { Describer } from './describer.ts';
import { describeEvents } from './events.ts';

/** A service account. */
export const describeServiceAccount: Describer = async (object, text, context) => {
  const { metadata, imagePullSecrets = [] } = object as unknown as ServiceAccount;
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.line(0, `Namespace:\t${metadata?.namespace ?? ''}`);
  text.labels('Labels', metadata?.labels);
  text.annotations('Annotations', metadata?.annotations);
  const names = imagePullSecrets.map(({ name = '' }) => name);
  const title = 'Image pull secrets:';
  for (const [index, name] of (names.length === 0 ? ['<none>'] : names).entries()) {
    text.line(0, `${index === 0 ? title : ' '.repeat(title.length)}\t${name}`);
  }
  await describeEvents(object, text, context);
};
