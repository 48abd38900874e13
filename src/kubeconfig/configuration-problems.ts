import { goQuote } from '../apimachinery/field-error.ts';
import { isJsonObject, type JsonObject } from '../apimachinery/json.ts';
import type { MergedCluster, MergedEntries, MergedUser } from './merged-entries.ts';

/** Says why a file cannot be opened, in Go's words; undefined when it can. */
export type OpenProblem = (path: string) => Promise<string | undefined>;

/** Everything that makes a configuration unusable, in clientcmd's words and order. */
export async function configurationProblems(entries: MergedEntries, openProblem: OpenProblem): Promise<string[]> {
  return [
    ...(entries.contextExists ? [] : [`context was not found for specified context: ${entries.contextName}`]),
    ...(await userProblems(entries.userName, entries.user, openProblem)),
    ...(await clusterProblems(entries.clusterName, entries.cluster, openProblem)),
  ];
}

async function userProblems(name: string, user: MergedUser, openProblem: OpenProblem): Promise<string[]> {
  const problems = await certificateProblems(name, user, openProblem);
  if (user.exec !== undefined) problems.push(...execProblems(name, user.exec, user.authProvider));
  const methods = [
    ...(user.token === '' ? [] : ['token']),
    ...(user.username === '' && user.password === '' ? [] : ['basicAuth']),
  ];
  if (methods.length > 1) {
    const found = `[${methods.join(' ')}]`;
    problems.push(`more than one authentication method found for ${name}; found ${found}, only one is allowed`);
  }
  const hasImpersonation = user.asUid !== '' || user.asGroups.length > 0 || Object.keys(user.asUserExtra).length > 0;
  if (hasImpersonation && user.as === '') {
    problems.push(`requesting uid, groups or user-extra for ${name} without impersonating a user`);
  }
  return problems;
}

async function certificateProblems(name: string, user: MergedUser, openProblem: OpenProblem): Promise<string[]> {
  const { clientCertificate, clientCertificateData, clientKey, clientKeyData } = user;
  if (clientCertificate === '' && clientCertificateData === '') return [];
  const problems: string[] = [];
  if (clientCertificate !== '' && clientCertificateData !== '') {
    problems.push(`client-cert-data and client-cert are both specified for ${name}. client-cert-data will override.`);
  }
  if (clientKey !== '' && clientKeyData !== '') {
    problems.push(`client-key-data and client-key are both specified for ${name}; client-key-data will override`);
  }
  if (clientKey === '' && clientKeyData === '') {
    problems.push(
      `client-key-data or client-key must be specified for ${name} to use the clientCert authentication method.`,
    );
  }
  for (const [what, path] of [
    ['client-cert', clientCertificate],
    ['client-key', clientKey],
  ] as const) {
    const problem = path === '' ? undefined : await openProblem(path);
    if (problem !== undefined) problems.push(`unable to read ${what} ${path} for ${name} due to ${problem}`);
  }
  return problems;
}

function execProblems(name: string, exec: JsonObject, authProvider: JsonObject | undefined): string[] {
  const problems: string[] = [];
  const use = 'to use exec authentication plugin';
  if (authProvider !== undefined) {
    problems.push(`authProvider cannot be provided in combination with an exec plugin for ${name}`);
  }
  if ((exec['command'] ?? '') === '') problems.push(`command must be specified for ${name} ${use}`);
  if ((exec['apiVersion'] ?? '') === '') problems.push(`apiVersion must be specified for ${name} ${use}`);
  for (const variable of Array.isArray(exec['env']) ? exec['env'].filter(isJsonObject) : []) {
    if ((variable['name'] ?? '') === '') problems.push(`env variable name must be specified for ${name} ${use}`);
  }
  const { interactiveMode } = exec;
  const mode = typeof interactiveMode === 'string' ? interactiveMode : '';
  if (mode === '') problems.push(`interactiveMode must be specified for ${name} ${use}`);
  else if (!['Never', 'IfAvailable', 'Always'].includes(mode)) {
    problems.push(`invalid interactiveMode for ${name}: ${goQuote(mode)}`);
  }
  return problems;
}

async function clusterProblems(name: string, cluster: MergedCluster, openProblem: OpenProblem): Promise<string[]> {
  const problems: string[] = [];
  if (cluster.proxyUrl !== '') {
    const problem = proxyProblem(cluster.proxyUrl);
    if (problem !== undefined) {
      problems.push(`invalid 'proxy-url' ${goQuote(cluster.proxyUrl)} for cluster ${goQuote(name)}: ${problem}`);
    }
  }
  if (cluster.certificateAuthority !== '' && cluster.certificateAuthorityData !== '') {
    const both = 'certificate-authority-data and certificate-authority are both specified';
    problems.push(`${both} for ${name}. certificate-authority-data will override.`);
  }
  if (cluster.certificateAuthority !== '') {
    const problem = await openProblem(cluster.certificateAuthority);
    if (problem !== undefined) {
      problems.push(
        `unable to read certificate-authority ${cluster.certificateAuthority} for ${name} due to ${problem}`,
      );
    }
  }
  return problems;
}

/** What is wrong with a proxy's address: only http, https and socks5 ones can be used. */
function proxyProblem(address: string): string | undefined {
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(address)?.[1]?.toLowerCase() ?? '';
  if (!['http', 'https', 'socks5'].includes(scheme)) {
    return `unsupported scheme ${goQuote(scheme)}, must be http, https, or socks5`;
  }
  return URL.canParse(address) ? undefined : `could not parse: ${address}`;
}
