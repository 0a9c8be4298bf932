// A stream as lines, one message a line (NDJSON, JSON Lines): for clients that read while it comes.
import { surround } from "./stream-form.ts";
import type { AnswerForm, StreamFailure } from "./stream-form.ts";

/** White space before a value means nothing, and many readers of lines refuse an empty one. */
const space = Buffer.from(" ");

export class JsonLines implements AnswerForm {
  readonly contentType: string;
  readonly opening = "";
  readonly keepAlive = space;
  readonly #before: string;
  readonly #after: string;

  /** `isEnveloped`: each message is in `{"result":…}`, as its own keys may be those of a status. */
  constructor(contentType: string, isEnveloped: boolean) {
    this.contentType = contentType;
    this.#before = isEnveloped ? '{"result":' : "";
    this.#after = isEnveloped ? "}\n" : "\n";
  }

  element(json: Uint8Array): Uint8Array {
    return surround(this.#before, json, this.#after);
  }

  closing(): string {
    return "";
  }

  failure({ json }: StreamFailure): string {
    return `{"@status":${json}}\n`;
  }
}
