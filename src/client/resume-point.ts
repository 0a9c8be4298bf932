// Where a resumable stream would go on: the token of the last message that had one, and how many came after that.
import type { JsonObject, MethodInfo } from "./contract.ts";

export class ResumePoint {
  readonly #resume: MethodInfo["resume"];
  #token: unknown;
  #since = 0;

  constructor(resume: MethodInfo["resume"]) {
    this.#resume = resume;
  }

  /** Messages after the one with the token: a stream that goes on brings them again. */
  get since(): number {
    return this.#since;
  }

  note(message: unknown): void {
    if (this.#resume === undefined) return;
    let value = message;
    for (const key of this.#resume.token) value = (value as JsonObject | null | undefined)?.[key];
    // Empty and zero are how a field is written that is not set.
    if (value === undefined || value === null || value === "" || value === 0 || value === "0") this.#since += 1;
    else {
      this.#token = value;
      this.#since = 0;
    }
  }

  /** The stream is opened again. */
  restart(request: unknown): unknown {
    this.#since = 0;
    if (this.#resume === undefined || this.#token === undefined) return request;
    return { ...(request as JsonObject), [this.#resume.from]: this.#token };
  }
}
