import type { IncomingMessage, ServerResponse } from 'node:http';
import { createCertificateAuthority, issueCertificate } from '../../../../pki/certificates.ts';
import { FileError, MemoryFiles } from '../memory-files.ts';
import type { ServerIdentity } from '../port-server.ts';
import { killedExitCode, type ProcessContext } from '../process-context.ts';

/** What it takes of a processor to answer a request, whatever else is done for it. */
const requestSeconds = 0.0002;

/** What a program answers. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Answers on a port until the process ends; over TLS with an identity. @returns what it ends with */
export async function serve(
  context: Pick<ProcessContext, 'listen' | 'signal' | 'usage'>,
  port: number,
  answer: Answer,
  identity?: ServerIdentity,
): Promise<number> {
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    context.usage.spend(requestSeconds);
    // What is thrown at once must not reach the server's events either: nobody catches it there, and the node would end.
    const answering = async (): Promise<void> => answer(request, response);
    const answered = answering().catch(() => response.destroy());
    // What of the body nobody has read goes nowhere.
    void answered.then(() => request.resume());
  };
  const close = context.listen(port, listener, identity);
  if (!context.signal.aborted) {
    await new Promise<void>((resolve) => {
      context.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
  close();
  return killedExitCode;
}

/** The query of a request. */
export function query(request: IncomingMessage): URLSearchParams {
  return new URL(request.url ?? '/', 'http://pod').searchParams;
}

/** The path of a request. */
export function pathOf(request: IncomingMessage): string {
  return new URL(request.url ?? '/', 'http://pod').pathname;
}

/** The whole body of a request. */
export async function readRequest(request: IncomingMessage): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

/** What the image has at /localhost.crt and /localhost.key, made when it is first asked for. */
let ownIdentity: Promise<ServerIdentity> | undefined;

const ownFiles: readonly string[] = ['/localhost.crt', '/localhost.key'];

/**
 * The certificate and key that a server shows, from files of the container.
 * @throws FileError when one is not there
 */
export async function readIdentity(
  { files, workingFolder, clock }: ProcessContext,
  certificateFile: string,
  keyFile: string,
): Promise<ServerIdentity> {
  const paths = [certificateFile, keyFile].map((path) => MemoryFiles.absolute(path, workingFolder));
  if (paths.every((path, index) => path === ownFiles[index])) {
    ownIdentity ??= makeIdentity(clock.now());
    return ownIdentity;
  }
  const [certificate = '', privateKey = ''] = paths.map((path) => Buffer.from(files.readFile(path)).toString('utf8'));
  return { certificate, privateKey };
}

async function makeIdentity(now: number): Promise<ServerIdentity> {
  return issueCertificate(await createCertificateAuthority('Acme Co', now), {
    subject: { commonName: 'localhost' },
    usage: 'server',
    dnsNames: ['localhost', 'example.com'],
    ipAddresses: ['127.0.0.1', '::1'],
    now,
  });
}

/** A server whose certificate cannot be read ends at once, saying why. */
export async function withIdentity(
  context: ProcessContext,
  flags: ReadonlyMap<string, string>,
  run: (identity: ServerIdentity) => Promise<number>,
): Promise<number> {
  const [certificateFile = '', keyFile = ''] = [flags.get('tls-cert-file'), flags.get('tls-private-key-file')];
  try {
    return await run(await readIdentity(context, certificateFile, keyFile));
  } catch (error) {
    const reason = error instanceof FileError ? `open ${error.message}` : error instanceof Error ? error.message : '';
    await context.stderr.write(Buffer.from(`${reason}\n`));
    return 255;
  }
}
