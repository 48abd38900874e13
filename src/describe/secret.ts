import type { Secret } from '../api/types/core-v1.ts';
import type { Describer } from './describer.ts';

/** A secret: the sizes of what it holds, and the text of a service account's token. */
export const describeSecret: Describer = (object, text) => {
  const { metadata, type = '', data = {} } = object as unknown as Secret;
  text.line(0, `Name:\t${metadata.name ?? ''}`);
  text.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  text.labels('Labels', metadata.labels);
  text.annotations('Annotations', metadata.annotations);
  text.line(0, `\nType:\t${type}`);
  text.line(0, '\nData\n====');
  for (const key of Object.keys(data).toSorted()) {
    const value = Buffer.from(data[key] ?? '', 'base64');
    const isToken = key === 'token' && type === 'kubernetes.io/service-account-token';
    text.line(0, `${key}:\t${isToken ? value.toString('utf8') : `${value.length} bytes`}`);
  }
  return Promise.resolve();
};
