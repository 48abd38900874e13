/** A kubeconfig, or flags with it, that cannot be used; each problem is a sentence. */
export class ConfigurationError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      problems.length === 1
        ? `invalid configuration: ${problems[0] ?? ''}`
        : `invalid configuration: [${problems.join(', ')}]`,
    );
    this.name = 'ConfigurationError';
    this.problems = problems;
  }
}

/** A kubeconfig that cannot be read or written, or a name in it that does not exist. */
export class KubeconfigError extends Error {}
