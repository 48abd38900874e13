import type { IncomingMessage, ServerResponse } from 'node:http';
import { isJsonObject } from '../../../../apimachinery/json.ts';
import { parseJson } from '../../../../apimachinery/json-codec.ts';
import type { ProcessContext, Program } from '../process-context.ts';
import { parseFlags } from './program-flags.ts';
import { blobPath, registryFolder as folder } from './registry-files.ts';
import { pathOf, serve } from './web-server.ts';

const login = 'user:password';

/** `agnhost fake-registry-server`: the images below /var/registry, with `--private` only for its one user. */
export const runFakeRegistry: Program = async (context) => {
  const flags = parseFlags(context.args.slice(1));
  const port = Number(flags.get('port') ?? 5000);
  const isPrivate = flags.get('private') === 'true';
  await context.stderr.write(Buffer.from(`Registry server starting with registry directory: ${folder}\n`));
  await context.stderr.write(Buffer.from(`HTTP server starting to listen on :${port}\n`));
  return serve(context, port, (request, response) => {
    const path = decodeURIComponent(pathOf(request));
    if (!path.startsWith('/v2/')) return answer(response, 404, '404 page not found\n');
    if (isPrivate && !isUser(request)) {
      response.setHeader('www-authenticate', 'Basic realm="Restricted"');
      return answer(response, 401, 'Unauthorized\n');
    }
    response.setHeader('docker-distribution-api-version', 'registry/2.0');
    if (path === '/v2/') return answer(response, 200, '');
    const [image = '', kind = '', name = ''] = path.slice('/v2/'.length).split('/');
    if (kind === 'manifests') return answerManifest(context, response, image, name, request.url ?? '');
    const blob = kind === 'blobs' ? read(context, blobPath(image, kind, name)) : undefined;
    return answer(response, blob === undefined ? 404 : 200, blob ?? '404 page not found\n', 'application/octet-stream');
  });
};

function isUser({ headers }: IncomingMessage): boolean {
  const [, credentials = ''] = /^basic +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  return Buffer.from(credentials, 'base64').toString('utf8') === login;
}

/** A manifest by its digest; a tag leads to the one it names. */
function answerManifest(
  context: ProcessContext,
  response: ServerResponse,
  image: string,
  name: string,
  url: string,
): void {
  if (!name.startsWith('sha256:')) {
    const digest = read(context, `${folder}/${image}/manifests/${name}`)?.toString('utf8').trim();
    if (digest === undefined) return answer(response, 404, '404 page not found\n');
    response.setHeader('location', url.replace(name, digest));
    return answer(response, 307, '');
  }
  const manifest = read(context, blobPath(image, 'manifests', name));
  return manifest === undefined
    ? answer(response, 404, '404 page not found\n')
    : answer(response, 200, manifest, mediaType(manifest));
}

function mediaType(manifest: Buffer): string {
  try {
    const parsed = parseJson(manifest.toString('utf8'));
    const type = isJsonObject(parsed) ? parsed['mediaType'] : undefined;
    if (typeof type === 'string') return type;
  } catch {
    // What is no JSON is text.
  }
  return 'text/plain; charset=utf-8';
}

function answer(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  type = 'text/plain; charset=utf-8',
): void {
  response.statusCode = status;
  if (body.length > 0) response.setHeader('content-type', status === 200 ? type : 'text/plain; charset=utf-8');
  response.end(body);
}

function read({ files }: ProcessContext, path: string): Buffer | undefined {
  const node = files.find(path);
  return node?.kind === 'file' ? Buffer.from(node.content) : undefined;
}
