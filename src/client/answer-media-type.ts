import { internalError } from '../apimachinery/status.ts';

/** What answers that say nothing else are, and the only ones that are asked for. */
export const jsonMediaType = 'application/json';

/** What requests accept that take any answer as it comes, as client-go writes it. */
export const jsonOrAnything = 'application/json, */*';

const token = /^[!#$%&'*+.^_`|~\w-]+$/;

/**
 * The media type of a `Content-Type`, without its parameters.
 * @param assumed what an answer is that does not say
 * @throws StatusError for what is no media type, in the words of Go's mime
 */
export function mediaTypeOf(type: string, assumed = jsonMediaType): string {
  if (type === '') return assumed;
  const [media = '', ...parameters] = type.split(';').map((part) => part.trim());
  const [major = '', minor, ...rest] = media.split('/');
  if (media === '') throw internalError('mime: no media type');
  if (!token.test(major)) throw internalError('mime: expected slash after first token');
  if (rest.length > 0 || (minor !== undefined && !/^[^\s]+$/.test(minor))) {
    throw internalError('mime: unexpected content after media subtype');
  }
  const isWrong = parameters.some((parameter, index) => {
    if (parameter === '') return index < parameters.length - 1;
    return !/^[^\s=]+=\s*("[^"]*"|[^\s"]+)$/.test(parameter);
  });
  if (isWrong) throw internalError('mime: invalid media parameter');
  return media.toLowerCase();
}
