import type { HttpResponse } from '../../apimachinery/http.ts';
import { textAnswer } from './kubelet-answers.ts';
import type { NodeFiles } from './node-files.ts';

const logFolder = '/var/log';

/** `/logs/…`: the files below /var/log of the node, folders as lists of links, as Go's file server has them. */
export function handleNodeLogs(path: string, files: NodeFiles): HttpResponse {
  const below = decodeURIComponent(path.slice('/logs'.length));
  if (below.split('/').includes('..')) return textAnswer(400, 'invalid URL path\n');
  const place = `${logFolder}${below}`.replace(/\/+$/, '');
  const names = files.readFolder(place);
  const isFolderPath = path.endsWith('/');
  if (names !== undefined) {
    if (!isFolderPath) return redirect(`${path.slice(path.lastIndexOf('/') + 1)}/`);
    const links = names.map((name) => `<a href="${encodeURI(name)}">${escapeHtml(name)}</a>\n`);
    const page = `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${links.join('')}</pre>\n`;
    return { ...textAnswer(200, page), headers: { 'content-type': 'text/html; charset=utf-8' } };
  }
  if (files.find(place)?.kind !== 'file' || isFolderPath) return textAnswer(404, '404 page not found\n');
  return { ...textAnswer(200, ''), body: files.readFile(place) };
}

function redirect(location: string): HttpResponse {
  return { status: 301, headers: { location }, body: new Uint8Array() };
}

function escapeHtml(text: string): string {
  const named: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&#34;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => named[character] ?? character);
}
