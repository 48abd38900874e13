import { goQuote } from '../apimachinery/field-error.ts';
import { formatGoSyntax, formatGoValue } from '../apimachinery/go-value.ts';
import { inFieldOrder, stringifyGoJson } from '../apimachinery/go-json.ts';
import { GoTemplate, GoTemplateError } from './go-template/template.ts';
import { JsonPath, JsonPathError } from '../apimachinery/jsonpath.ts';
import { type ObjectPrinter, PrinterError } from './printer.ts';

/** `-o jsonpath` and `-o jsonpath-as-json`. */
export class JsonPathPrinter implements ObjectPrinter {
  readonly #template: string;
  readonly #path: JsonPath;

  /** @throws PrinterError for a template that cannot be read */
  constructor(template: string, options: { readonly allowMissingKeys: boolean; readonly asJson: boolean }) {
    this.#template = template;
    try {
      this.#path = new JsonPath(template, options);
    } catch (error) {
      if (!(error instanceof JsonPathError)) throw error;
      throw new PrinterError(`error parsing jsonpath ${template}, ${error.message}\n`);
    }
  }

  print(object: unknown): string {
    try {
      return this.#path.execute(object);
    } catch (error) {
      if (!(error instanceof JsonPathError)) throw error;
      const details = [
        `Error executing template: ${error.message}. Printing more information for debugging the template:\n`,
        `\ttemplate was:\n\t\t${this.#template}\n`,
        `\tobject given to jsonpath engine was:\n\t\t${formatGoSyntax(object)}\n\n`,
      ];
      throw new PrinterError(`error executing jsonpath ${goQuote(this.#template)}: ${details.join('')}\n`);
    }
  }
}

/** `-o go-template`; nothing is added to what the template says. */
export class GoTemplatePrinter implements ObjectPrinter {
  readonly #text: string;
  readonly #template: GoTemplate;
  readonly #keepOrder: boolean;

  /** @throws PrinterError for a template that cannot be read */
  constructor(text: string, options: { readonly allowMissingKeys: boolean; readonly keepOrder?: boolean }) {
    this.#text = text;
    this.#keepOrder = options.keepOrder === true;
    try {
      this.#template = new GoTemplate(text, { failOnMissingKeys: !options.allowMissingKeys });
    } catch (error) {
      if (!(error instanceof GoTemplateError)) throw error;
      throw new PrinterError(`error parsing template ${text}, ${error.message}\n`);
    }
  }

  /** What the template said before an error stands; the details go to standard output as they do in kubectl. */
  print(object: unknown): string {
    try {
      return this.#template.execute(object);
    } catch (error) {
      if (!(error instanceof GoTemplateError)) throw error;
      const details = [
        `Error executing template: ${error.message}. Printing more information for debugging the template:\n`,
        `\ttemplate was:\n\t\t${this.#text}\n`,
        `\traw data was:\n\t\t${stringifyGoJson(this.#keepOrder ? inFieldOrder(object) : object)}\n`,
        `\tobject given to template engine was:\n\t\t${formatGoValue(object)}\n\n`,
      ];
      throw new PrinterError(
        `error executing template ${goQuote(this.#text)}: ${error.message}`,
        error.output + details.join(''),
      );
    }
  }
}
