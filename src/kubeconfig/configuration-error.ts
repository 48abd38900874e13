/** A configuration that is complete but cannot be used; each problem is a sentence of clientcmd's. */
export class ConfigurationError extends Error {
  readonly problems: readonly string[];
  /** Whether the one problem is a current context that does not exist; it is told in words of its own. */
  readonly isMissingContext: boolean;

  constructor(problems: readonly string[], options: { readonly isMissingContext?: boolean } = {}) {
    super(problems.length === 1 ? (problems[0] ?? '') : `invalid configuration: [${problems.join(', ')}]`);
    this.name = 'ConfigurationError';
    this.problems = problems;
    this.isMissingContext = options.isMissingContext === true && problems.length === 1;
  }
}
