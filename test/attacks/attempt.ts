// What is tried, and what came of it: the same for every way to call.
import type { GatewayFixture } from "../support/gateway.ts";

export interface Attempt {
  /** Behind `/v1/unary` or `/v1/stream`: `/a%2Fb?x=1`; the whole target where it does not begin with a slash or a question mark. */
  readonly target?: string;
  /** Latin-1, as they are. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** A message as JSON; then it is a POST. */
  readonly message?: string;
}

export interface Outcome {
  /** Of gRPC; undefined where the client was only cut off. */
  readonly code: number | undefined;
  /** Everything the client got, headers too. */
  readonly text: string;
}

export interface Way {
  readonly name: string;
  /** Reads messages as JSON. */
  readonly readsJson: boolean;
  /** Has a target of the client's own; gRPC has the names of methods. */
  readonly hasTarget: boolean;
  /** Passes on metadata of any name that is nobody's, as a gRPC proxy must; the others have a list. */
  readonly passesNames: boolean;
  try(gateway: GatewayFixture, attempt: Attempt): Promise<Outcome>;
}

export const byStatus = new Map([
  [200, 0],
  [101, 0],
  [204, 0],
  [400, 3],
  [401, 16],
  [403, 7],
  [404, 5],
  [405, 12],
  [413, 8],
  [414, 3],
  [415, 3],
  [417, 3],
  [429, 8],
  [431, 8],
  [500, 13],
  [503, 14],
  [504, 4],
]);

/** The body says it where there is one, of a stream its last line or event. */
export function toCode(status: number, text: string): number | undefined {
  const match = /"code":(\d+)/.exec(text);
  return match === null ? byStatus.get(status) : Number(match[1]);
}
