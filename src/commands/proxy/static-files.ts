import { extname, join, normalize } from 'node:path';
import type { HttpRequest, HttpResponse } from '../../apimachinery/http.ts';
import type { FileSystem } from '../../system/file-system.ts';

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.htm': 'text/html; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/vnd.microsoft.icon',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webp': 'image/webp',
  '.xml': 'text/xml; charset=utf-8',
};

/**
 * Answers from the files of a folder: a file, the index.html of a folder, or the list of what is in one.
 * @param path below the prefix, still escaped
 */
export async function serveFile(
  request: HttpRequest,
  folder: string,
  path: string,
  files: FileSystem,
): Promise<HttpResponse> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'Method Not Allowed\n');
  let name: string;
  try {
    name = normalize(`/${decodeURIComponent(path)}`);
  } catch {
    return text(400, 'Bad Request\n');
  }
  if (name.includes('\0')) return text(404, '404 page not found\n');
  const place = join(folder, name);
  try {
    const found = await files.stat(place);
    if (!found.isFolder) return answerFile(await files.readFile(place), place);
    if (!path.endsWith('/') && path !== '')
      return { status: 301, headers: { location: `${lastOf(path)}/` }, body: new Uint8Array() };
    const index = join(place, 'index.html');
    if (await files.exists(index)) return answerFile(await files.readFile(index), index);
    return await listing(place, files);
  } catch (error) {
    const { code } = error as { readonly code?: string };
    return code === 'EACCES' ? text(403, '403 Forbidden\n') : text(404, '404 page not found\n');
  }
}

function answerFile(content: Uint8Array, path: string): HttpResponse {
  const type = types[extname(path).toLowerCase()] ?? 'application/octet-stream';
  return { status: 200, headers: { 'content-type': type }, body: content };
}

async function listing(folder: string, files: FileSystem): Promise<HttpResponse> {
  const lines = await Promise.all(
    (await files.readFolder(folder)).map(async (name) => {
      const isFolder = await files.stat(join(folder, name)).then(
        (found) => found.isFolder,
        () => false,
      );
      const shown = `${name}${isFolder ? '/' : ''}`;
      return `<a href="${encodeURI(shown).replaceAll('#', '%23').replaceAll('?', '%3F')}">${escapeHtml(shown)}</a>\n`;
    }),
  );
  const body = `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${lines.join('')}</pre>\n`;
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: Buffer.from(body) };
}

function escapeHtml(name: string): string {
  return name.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&#34;');
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function text(status: number, body: string): HttpResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: Buffer.from(body) };
}
