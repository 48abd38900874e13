import { join } from 'node:path';
import { groupsFromAggregatedDiscovery } from '../apimachinery/discovery-document.ts';
import { isJsonObject } from '../apimachinery/json.ts';
import { parseJson } from '../apimachinery/json-codec.ts';
import { RestMapper } from '../apimachinery/rest-mapping.ts';
import type { FileSystem } from '../system/file-system.ts';
import { type OpenApi, openApiOf } from './openapi.ts';

/** The built-in kinds of Kubernetes 1.36 as this program brings them, for work without a server. */
export interface BundledApi {
  readonly mapper: RestMapper;
  readonly openApi: OpenApi;
}

/**
 * Reads what the build wrote (scripts/generate-openapi.js). @param folder `dist/openapi`
 * @throws the file system's error where the build left nothing
 */
export async function createBundledApi(files: FileSystem, folder: string): Promise<BundledApi> {
  const mapper = new RestMapper(
    groupsFromAggregatedDiscovery(parseJson(await files.readFile(join(folder, 'discovery.json')))),
  );
  return {
    mapper,
    openApi: openApiOf(async (name) => {
      const file = join(folder, 'v3', `${name}.json`);
      if (!(await files.exists(file))) return undefined;
      const document = parseJson(await files.readFile(file));
      return isJsonObject(document) ? document : undefined;
    }),
  };
}
