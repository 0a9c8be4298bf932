// How the HTTP answer of a successful call looks: as `(sluice.http)` and `http` of a policy write it, and settled.

/** As written; what is absent is not said, and an empty text is none. */
export interface AnswerSettings {
  readonly status?: number;
  readonly location?: string;
  /** Each `name: value`. */
  readonly header?: readonly string[];
}

/** Several parts, of which each is said by itself. */
export interface AnswerRule {
  readonly status: number;
  /** The path of a field of the reply; empty for none. */
  readonly location: string;
  /** `[name, value, …]`, names lower case. */
  readonly headers: readonly string[];
}

/** Where nobody says anything. */
export const plainAnswer: AnswerRule = Object.freeze({ status: 200, location: "", headers: Object.freeze([]) });

export const statusBounds = Object.freeze({ min: 200, max: 299 });
