import type { HttpResponse } from '../../apimachinery/http.ts';

/**
 * The same answer, which calls back when it is whole: at once, or when its stream or connection ends. A stream ends when
 * that is done.
 * @param onChunk told of each part of a stream.
 */
export function withEnd(
  response: HttpResponse,
  onEnd: () => unknown,
  onChunk?: (chunk: Uint8Array) => void,
): HttpResponse {
  const { body, takeOver } = response;
  if (takeOver !== undefined) {
    return {
      ...response,
      takeOver(connection) {
        connection.once('close', () => void onEnd());
        takeOver(connection);
      },
    };
  }
  if (body instanceof Uint8Array) {
    onEnd();
    return response;
  }
  return { ...response, body: followed(body, onEnd, onChunk) };
}

/**
 * The answer that is made, which calls back when it is whole, as withEnd does, or when none is made.
 * @throws whatever kept it from being made
 */
export async function endingWith(make: () => Promise<HttpResponse>, onEnd: () => unknown): Promise<HttpResponse> {
  try {
    return withEnd(await make(), onEnd);
  } catch (error) {
    onEnd();
    throw error;
  }
}

/** Ends an answer that nobody is sent, so that who waits for its end is told. */
export async function abandonResponse({ body }: HttpResponse): Promise<void> {
  if (body instanceof Uint8Array) return;
  const chunks = body[Symbol.asyncIterator]();
  // A generator that has not begun does not run what it ends with.
  await chunks.next();
  await chunks.return?.();
}

async function* followed(
  body: AsyncIterable<Uint8Array>,
  onEnd: () => unknown,
  onChunk: ((chunk: Uint8Array) => void) | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) {
      onChunk?.(chunk);
      yield chunk;
    }
  } finally {
    await onEnd();
  }
}
