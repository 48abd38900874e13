import { join, posix } from 'node:path';
import { header, type HttpRequest, type HttpResponse } from '../../apimachinery/http.ts';
import type { FileInfo, FileSystem } from '../../system/file-system.ts';
import { byteRanges } from './byte-ranges.ts';
import { contentTypeOf } from './content-type.ts';

/**
 * Answers from the files of a folder as Go's file server does: a file, the index.html of a folder, or the list of what
 * is in one. The method does not matter.
 * @param path below the prefix, still escaped, with its slash
 */
export async function serveFile(
  request: HttpRequest,
  folder: string,
  path: string,
  files: FileSystem,
): Promise<HttpResponse> {
  let name: string;
  try {
    name = posix.normalize(decodeURIComponent(path));
  } catch {
    return text(400, 'Bad Request\n');
  }
  if (name.includes('\0')) return text(404, '404 page not found\n');
  if (path.endsWith('/index.html')) return moved('./', request);
  const place = join(folder, name.replace(/\/$/, ''));
  try {
    const found = await files.stat(place);
    const isSlashed = path.endsWith('/');
    if (!found.isFolder) {
      if (!isSlashed) return await answerFile(request, place, found, files);
      if (name === '/') return text(500, 'http: attempting to traverse a non-directory\n');
      return moved(`../${lastOf(path.slice(0, -1))}`, request);
    }
    if (!isSlashed) return moved(`${lastOf(path)}/`, request);
    const index = join(place, 'index.html');
    if (await files.exists(index)) return await answerFile(request, index, await files.stat(index), files);
    return isUnchanged(request, found) ? unchanged(found) : await listing(place, found, files);
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code === 'EACCES') return text(403, '403 Forbidden\n');
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    return isMissing ? text(404, '404 page not found\n') : text(500, '500 Internal Server Error\n');
  }
}

async function answerFile(
  request: HttpRequest,
  path: string,
  found: FileInfo,
  files: FileSystem,
): Promise<HttpResponse> {
  if (isUnchanged(request, found)) return unchanged(found);
  const content = await files.readFile(path);
  const headers = {
    'accept-ranges': 'bytes',
    'content-type': contentTypeOf(path, content),
    'last-modified': modified(found),
  };
  const ranges = byteRanges(header(request.headers, 'range'), content.length);
  if (ranges === 'wrong') {
    const refusal = text(416, 'invalid range: failed to overlap\n');
    return { ...refusal, headers: { ...refusal.headers, 'content-range': `bytes */${content.length}` } };
  }
  const [range] = ranges ?? [];
  // Several parts at once are nothing that a server must send: the whole has them all (RFC 9110, 14.2).
  if (range === undefined || ranges?.length !== 1) return { status: 200, headers, body: content };
  const part = `bytes ${range.start}-${range.end - 1}/${content.length}`;
  const body = content.subarray(range.start, range.end);
  return { status: 206, headers: { ...headers, 'content-range': part }, body };
}

/** Whether the file is as it was at the time that a reader knows it from. */
function isUnchanged({ method, headers }: HttpRequest, { modifiedMillis }: FileInfo): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  const since = Date.parse(header(headers, 'if-modified-since') ?? '');
  return Math.floor(modifiedMillis / 1000) * 1000 <= since;
}

function unchanged(found: FileInfo): HttpResponse {
  return { status: 304, headers: { 'last-modified': modified(found) }, body: new Uint8Array() };
}

function modified({ modifiedMillis }: FileInfo): string {
  return new Date(modifiedMillis).toUTCString();
}

function moved(location: string, { path }: HttpRequest): HttpResponse {
  const mark = path.indexOf('?');
  const query = mark < 0 ? '' : path.slice(mark);
  return { status: 301, headers: { location: `${location}${query}` }, body: new Uint8Array() };
}

async function listing(folder: string, found: FileInfo, files: FileSystem): Promise<HttpResponse> {
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
  const headers = { 'content-type': 'text/html; charset=utf-8', 'last-modified': modified(found) };
  return { status: 200, headers, body: Buffer.from(body) };
}

function escapeHtml(name: string): string {
  return name.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&#34;');
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function text(status: number, body: string): HttpResponse {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
  return { status, headers, body: Buffer.from(body) };
}
