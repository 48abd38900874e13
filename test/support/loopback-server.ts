import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type HttpRequest, type HttpResponse, readBody } from '../../src/apimachinery/http.ts';
import type { JsonObject } from '../../src/apimachinery/json.ts';
import { listen } from '../../src/control-plane/apiserver/listen.ts';
import { type CertificatePair, createCertificateAuthority, issueCertificate } from '../../src/pki/certificates.ts';
import { systemClock } from '../../src/system/clock.ts';
import { silentLogger } from '../../src/system/logger.ts';

/** An HTTPS server on this machine with an authority of its own. */
export interface LoopbackServer {
  readonly url: string;
  readonly authority: CertificatePair;
  /** PEM file of the authority. */
  readonly authorityFile: string;
}

/** Serves until the test ends. */
export async function loopbackServer(
  context: TestContext,
  folder: string,
  handle: (request: HttpRequest) => Promise<HttpResponse> | HttpResponse,
): Promise<LoopbackServer> {
  const now = systemClock.now();
  const authority = await createCertificateAuthority('authority of loopback', now);
  const subject = { commonName: 'loopback' };
  const pair = await issueCertificate(authority, { subject, usage: 'server', ipAddresses: ['127.0.0.1'], now });
  const listener = await listen({
    handle: async (request) => handle(request),
    tls: { certificate: pair.certificate, key: pair.privateKey, clientAuthorities: authority.certificate },
    clock: systemClock,
    log: silentLogger,
  });
  context.after(() => listener.close());
  const authorityFile = join(folder, `loopback-${listener.port}.crt`);
  writeFileSync(authorityFile, authority.certificate);
  return { url: listener.url, authority, authorityFile };
}

/** A JSON answer. */
export function jsonAnswer(body: unknown, status = 200): HttpResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) };
}

/** A server that answers reviews, and the kubeconfig that leads to it. */
export interface ReviewServer {
  readonly kubeconfig: string;
  /** What it was asked, in order. */
  readonly asked: { readonly path: string; readonly authorization: string; readonly review: JsonObject }[];
}

/** Answers with what `answer` makes of a review: the status, or a whole response. */
export async function reviewServer(
  context: TestContext,
  folder: string,
  answer: (review: JsonObject) => { readonly status: object } | { readonly response: HttpResponse },
  name = 'webhook',
): Promise<ReviewServer> {
  const asked: ReviewServer['asked'] = [];
  const server = await loopbackServer(context, folder, async (request) => {
    const review = JSON.parse(Buffer.from(await readBody(request.body)).toString('utf8')) as JsonObject;
    asked.push({ path: request.path, authorization: String(request.headers['authorization'] ?? ''), review });
    const answered = answer(review);
    return 'response' in answered ? answered.response : jsonAnswer({ ...review, status: answered.status });
  });
  const kubeconfig = join(folder, `${name}.kubeconfig`);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'w', cluster: { server: `${server.url}/ask`, 'certificate-authority': server.authorityFile } }],
    users: [{ name: 'api-server', user: { token: 'known-to-the-webhook' } }],
    contexts: [{ name: 'c', context: { cluster: 'w', user: 'api-server' } }],
    'current-context': 'c',
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  return { kubeconfig, asked };
}
