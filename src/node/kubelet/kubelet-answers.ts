import type { HttpResponse } from '../../apimachinery/http.ts';

/** What is wrong with a request to the kubelet: a status and a text, without further form. */
export class KubeletRequestError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'KubeletRequestError';
    this.status = status;
  }
}

/** An answer of text. */
export function textAnswer(status: number, text: string): HttpResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: Buffer.from(text) };
}

/** 200 with an object. */
export function jsonAnswer(object: unknown): HttpResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(object)) };
}
