/** The command ended with another code than 0. */
export class ExitCodeError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`command terminated with exit code ${exitCode}`);
    this.name = 'ExitCodeError';
    this.exitCode = exitCode;
  }
}
