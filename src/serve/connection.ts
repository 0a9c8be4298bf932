// What the listener and the protocols it hands its sockets to agree on.
import type { Socket } from "node:net";
import type { Front, UpgradeFront } from "../front/front.ts";
import type { ErrorWriter } from "./listen-error.ts";
import type { ListenerLimits } from "./listen-limits.ts";
import type { PacedBodies, PacedBody } from "./paced-bodies.ts";

/** A body on its way whose pace is watched. */
export interface Hurried extends PacedBody {
  checkPace(now: number, graceMs: number, minBytesPerSecond: number): void;
}

/** What all connections of a listener share. */
export interface ConnectionContext {
  readonly limits: ListenerLimits;
  readonly front: Front;
  /** Undefined: requests to upgrade are requests like others. */
  readonly upgrade?: UpgradeFront | undefined;
  readonly writeError: ErrorWriter;
  readonly reading: PacedBodies<Hurried>;
  /** Told of the client whose bytes are no valid HTTP. */
  readonly onMalformed?: OnMalformed | undefined;
}

/** The address of the other end of the connection. */
export type OnMalformed = (address: string) => void;

/** A socket that is being served. */
export interface ServedConnection {
  /** Nothing was asked on it that is still to be answered. */
  readonly isIdle: boolean;
  /** Takes no more requests, finishes those under way, then ends; at once where there are none. */
  drain(): void;
  destroy(): void;
  /** Looks at the connection's clocks; called every `checkIntervalMs`. */
  checkProgress?(now: number): void;
}

/** Serves a socket from now on; `firstBytes` were read from it before. */
export type ServeConnection = (
  socket: Socket,
  firstBytes: Buffer | undefined,
  context: ConnectionContext,
) => ServedConnection;
