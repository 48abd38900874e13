import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type HttpHeaders, readBody } from '../../src/apimachinery/http.ts';
import type { JsonValue } from '../../src/apimachinery/json.ts';
import type { Unstructured } from '../../src/apimachinery/object-meta.ts';
import { settle } from '../../src/system/fake-clock.ts';
import { type AssembledCluster, assembled, temporaryFolder } from '../support/assembled-server.ts';
import { repositoryRoot } from '../support/golden.ts';

/** The first line of a recording: what the server is started with. */
interface RecordedServer {
  /** Values in which `FOLDER/` stands for the folder of the files. */
  readonly flags: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
}

/** One request, and what the real kube-apiserver 1.36.2 said to it. */
interface RecordedExchange {
  readonly scenario: string;
  /** Later texts of the scenario have `${resp.STEP.metadata.uid}` for the uid of the object answered. */
  readonly step?: string;
  /** Time that passes before. */
  readonly secondsLater?: number;
  readonly method: string;
  /** With `${NS}` for the namespace of the scenario; here and in all texts. */
  readonly path: string;
  /** Bearer token; the administrator's when absent, none when empty. */
  readonly token?: string;
  readonly headers?: HttpHeaders;
  readonly body?: JsonValue;
  readonly answer: {
    readonly code: number;
    /** Of a Status. */
    readonly message?: string;
    readonly reason?: string;
    readonly causes?: JsonValue;
    /** Texts of the Warning headers, in alphabetical order. */
    readonly warnings?: readonly string[];
    /** What stands at some JSON pointers of the answer; null where nothing does. */
    readonly values?: Readonly<Record<string, JsonValue>>;
  };
}

const tokens = ['T1', 'admin-token'].map((token) => `${token},admin,admin,"system:masters"\n`);
const tokenFile = [...tokens, 'T2,alice,alice-uid,"dev"\n'].join('');
const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/**
 * Plays the exchanges of `test/recorded/NAME.jsonl` against our server, started with the same flags, and
 * compares what it says with what the real one was recorded to say.
 */
export async function checkRecordedExchanges(context: TestContext, name: string): Promise<void> {
  const path = join(repositoryRoot, 'test/recorded', `${name}.jsonl`);
  const [first = '{}', ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
  const cluster = await start(context, JSON.parse(first) as RecordedServer);
  const texts = new Map<string, Map<string, string>>();
  const differences: string[] = [];
  for (const line of lines) {
    const exchange = JSON.parse(line) as RecordedExchange;
    let known = texts.get(exchange.scenario);
    if (known === undefined) {
      const namespace = `recorded-${texts.size}`;
      known = new Map([['${NS}', namespace]]);
      texts.set(exchange.scenario, known);
      await prepare(cluster, namespace);
    }
    await cluster.clock.advance((exchange.secondsLater ?? 0) * 1000);
    const actual = await answerTo(cluster, exchange, known);
    try {
      assert.deepEqual(actual, exchange.answer);
    } catch (error) {
      const { scenario, method, path: asked, body } = exchange;
      differences.push(
        `${scenario}: ${method} ${asked} ${JSON.stringify(body)?.slice(0, 300)}\n${String(error).slice(0, 1500)}`,
      );
    }
  }
  assert.equal(differences.length, 0, `${differences.length} differ\n${differences.slice(0, 5).join('\n')}`);
}

async function start(context: TestContext, { flags, files }: RecordedServer): Promise<AssembledCluster> {
  const folder = temporaryFolder(context);
  for (const [file, text] of Object.entries({ ...files, 'tokens.csv': tokenFile })) {
    writeFileSync(join(folder, file), text.replaceAll('FOLDER/', `${folder}/`));
  }
  const given = Object.entries(flags).map(([flag, value]) => [flag, value.replaceAll('FOLDER/', `${folder}/`)]);
  return assembled(context, {
    'authorization-mode': 'Node,RBAC',
    'token-auth-file': join(folder, 'tokens.csv'),
    ...(Object.fromEntries(given) as Record<string, string>),
  });
}

/** Namespace and default service account, which a controller would make. */
async function prepare({ as }: AssembledCluster, namespace: string): Promise<void> {
  const made = async (path: string, kind: string, name: string): Promise<void> => {
    const answer = await as('T1', 'POST', path, { apiVersion: 'v1', kind, metadata: { name } });
    assert.equal(answer.status, 201, answer.text);
  };
  await made('/api/v1/namespaces', 'Namespace', namespace);
  await made(`/api/v1/namespaces/${namespace}/serviceaccounts`, 'ServiceAccount', 'default');
}

interface Said {
  readonly status: number;
  readonly object: Unstructured;
  readonly warnings: readonly string[];
}

async function ask(
  { api }: AssembledCluster,
  { method, path, token = 'T1', headers = {}, body }: RecordedExchange,
): Promise<Said> {
  const response = await api.server.handle({
    method,
    path,
    headers: {
      'content-type': 'application/json',
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
  });
  const text = Buffer.from(await readBody(response.body)).toString('utf8');
  // What was written is seen by the local copies that authorization and admission read.
  await settle(30);
  const object = (text.startsWith('{') ? JSON.parse(text) : { metadata: {} }) as Unstructured;
  return { status: response.status, object, warnings: warningTexts(response.headers['warning']) };
}

/** The texts in Warning headers (RFC 9110): `299 - "text"`. */
function warningTexts(header: HttpHeaders[string]): string[] {
  const values = typeof header === 'string' ? [header] : (header ?? []);
  return values.map((value) => value.replace(/^299 - "(.*)"$/s, '$1').replaceAll(/\\(.)/gs, '$1'));
}

async function answerTo(
  cluster: AssembledCluster,
  exchange: RecordedExchange,
  known: Map<string, string>,
): Promise<RecordedExchange['answer']> {
  const filled = <T>(value: T): T => {
    let text = JSON.stringify(value);
    for (const [placeholder, word] of known) text = text.replaceAll(placeholder, word);
    return JSON.parse(text) as T;
  };
  const namespace = known.get('${NS}') ?? '';
  const normal = (text: string): string => text.replaceAll(namespace, '${NS}').replaceAll(uuid, '<uid>');
  const { answer, step } = exchange;
  const { status, object: said, warnings } = await ask(cluster, filled(exchange));
  if (step !== undefined) known.set(`\${resp.${step}.metadata.uid}`, said.metadata.uid ?? '');
  const object = JSON.parse(normal(JSON.stringify(said))) as Record<string, JsonValue>;
  const values = Object.fromEntries(Object.keys(answer.values ?? {}).map((at) => [at, valueAt(object, at)]));
  const { message, reason, details } = object as {
    message?: string;
    reason?: string;
    details?: { causes?: JsonValue };
  };
  return {
    code: status,
    ...(status >= 400 && message !== undefined ? { message } : {}),
    ...(status >= 400 && reason !== undefined ? { reason } : {}),
    ...(status >= 400 && details?.causes !== undefined ? { causes: details.causes } : {}),
    ...(warnings.length === 0 ? {} : { warnings: warnings.map(normal).toSorted() }),
    ...(answer.values === undefined ? {} : { values }),
  };
}

function valueAt(value: JsonValue, pointer: string): JsonValue {
  let at: JsonValue | undefined = value;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    at = typeof at === 'object' && at !== null ? (at as Record<string, JsonValue>)[key] : undefined;
  }
  return at ?? null;
}
