import type { NodeFiles } from './node-files.ts';

/** Files of a volume by their paths below it. */
export type VolumePayload = ReadonlyMap<
  string,
  { readonly content: Uint8Array; readonly mode: number; readonly uid?: number }
>;

/**
 * Writes the files of a volume so that who reads sees all old ones or all new ones: into a folder of their own that the
 * link `..data` leads to, with links at the top that lead through it (as Kubernetes' atomic writer lays it out).
 * @param version names the folder
 */
export function writeAtomically(
  files: NodeFiles,
  folder: string,
  payload: VolumePayload,
  version: string,
  gid?: number,
): void {
  const before = topNames(files, folder);
  const target = `..${version}`;
  for (const [path, { content, mode, uid }] of payload) {
    const place = `${folder}/${target}/${path}`;
    files.makeFolder(place.slice(0, place.lastIndexOf('/')));
    files.writeFile(place, content, { mode: gid === undefined ? mode : mode | 0o440 });
    const written = files.find(place);
    if (written === undefined) continue;
    if (uid !== undefined) written.uid = uid;
    if (gid !== undefined) written.gid = gid;
  }
  files.makeFolder(`${folder}/${target}`);
  const old = files.resolve(`${folder}/..data`);
  files.remove(`${folder}/..data`);
  files.link(`${folder}/..data`, target);
  const names = new Set([...payload.keys()].map((path) => path.split('/')[0] ?? ''));
  for (const name of names) {
    if (before.has(name)) continue;
    files.link(`${folder}/${name}`, `..data/${name}`);
  }
  for (const name of before) if (!names.has(name)) files.remove(`${folder}/${name}`);
  files.writeFile(`${folder}/..names`, Buffer.from(JSON.stringify([...names])), { mode: 0o600 });
  if (old !== undefined) files.remove(old);
}

/** The names at the top that were written before. */
function topNames(files: NodeFiles, folder: string): Set<string> {
  const node = files.find(`${folder}/..names`);
  if (node === undefined) return new Set();
  return new Set(JSON.parse(Buffer.from(files.readFile(`${folder}/..names`)).toString('utf8')) as string[]);
}
