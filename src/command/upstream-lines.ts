// Tells when a backend is connected, waited for, or lost: once a change, not once an attempt.
import type { Config } from "../config/config.ts";
import { parseTarget } from "../upstream/target.ts";
import type { ConnectionState } from "../upstream/transport.ts";
import type { Upstreams } from "../upstream/upstreams.ts";
import { printable } from "./terminal.ts";
import type { Style } from "./terminal.ts";

/** Time for a backend that is there to be reported as such at once. */
const firstWaitMs = 500;

export interface Follower {
  readonly say: (line: string) => void;
  readonly style: Style;
}

type Watched = Pick<Upstreams, "states" | "connectAll" | "onStateChange">;

/** Resolves when the first state of every target has been told. */
export async function followUpstreams(upstreams: Watched, config: Config, { say, style }: Follower): Promise<void> {
  const told = new Map<string, boolean>();
  const tell = (target: string, state: ConnectionState, reason: string): void => {
    const isReady = state === "ready";
    const before = told.get(target);
    if (before === isReady || state === "closed") return;
    told.set(target, isReady);
    const name = `${printable(target)}${describeServices(config, target)}`;
    const why = reason === "" ? "" : `: ${printable(reason)}`;
    if (isReady) say(`${style.green("connected to")} ${name}`);
    else if (before === undefined) say(`${style.yellow("waiting for")} ${name} … (calls answer 503 until then)${why}`);
    else say(`${style.yellow("lost")} ${name}${why}; connecting again`);
  };
  let isSettled = false;
  const reasons = new Map<string, string>();
  upstreams.onStateChange((target, state, reason) => {
    if (isSettled) tell(target, state, reason);
    else if (state === "failing") reasons.set(target, reason);
  });
  await upstreams.connectAll(firstWaitMs);
  isSettled = true;
  for (const { target, state } of upstreams.states()) {
    tell(target, state, state === "failing" ? (reasons.get(target) ?? "") : "");
  }
}

/** ` (shop.v1.Orders)` unless the target is the default. */
function describeServices(config: Config, target: string): string {
  const mine = config.upstreams.filter((upstream) => {
    const parsed = parseTarget(upstream.target);
    return parsed.kind === "target" && parsed.address.target === target;
  });
  const services = mine.flatMap(({ service }) => service ?? []);
  return services.length === 0 || services.length < mine.length ? "" : ` (${services.join(", ")})`;
}
