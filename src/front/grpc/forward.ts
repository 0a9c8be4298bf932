// The messages of a streaming reply on their way to the client: as fast as it takes them, and what its method says about clients that are slow.
import type { StreamReply } from "../../call.ts";
import type { Metadata } from "../../metadata.ts";
import { whileWaiting } from "../stream/census.ts";
import type { WaitTally } from "../stream/census.ts";
import { Pump } from "../stream/pump.ts";
import type { Overflow } from "../stream/stream-policy.ts";
import type { Sweep } from "../stream/sweep.ts";

export interface Client {
  readonly isGone: boolean;
  /** Counts the time that messages wait for it, and what is kept of them. */
  readonly tally: WaitTally;
  readonly sweep: Sweep;
  /** False: wait for room. May throw GatewayError. */
  send(message: Uint8Array): boolean;
  /** What to do when there is room again, or the client has gone. */
  onRoom(listener: () => void): void;
  /** Messages that the client did not get in time, and so never. */
  onDropped(count: number): void;
}

/** Resolves with the trailers when everything is sent; rejects with what the stream ends with instead. */
export function forward(reply: StreamReply, client: Client, overflow: Overflow): Promise<Metadata> {
  return overflow.kind === "block" ? forwardEach(reply, client) : forwardSome(reply, client, overflow);
}

async function forwardEach({ messages, trailers }: StreamReply, client: Client): Promise<Metadata> {
  const room = new Room();
  client.onRoom(() => room.open());
  for (;;) {
    const message = await messages.read();
    if (message === undefined || client.isGone) break;
    if (!client.send(message)) await whileWaiting(client.tally, () => room.wait());
  }
  return trailers;
}

function forwardSome(reply: StreamReply, client: Client, overflow: Overflow): Promise<Metadata> {
  return new Promise((resolve, reject) => {
    let hasRoom = true;
    const pump = new Pump({
      reply,
      overflow,
      tally: client.tally,
      sweep: client.sweep,
      sink: {
        get hasRoom() {
          return hasRoom;
        },
        send(message) {
          hasRoom = client.send(message);
        },
      },
      onEnd(error, trailers) {
        client.onDropped(pump.dropped);
        if (error === undefined) resolve(trailers);
        else reject(error);
      },
    });
    client.onRoom(() => {
      hasRoom = true;
      pump.resume();
    });
    pump.start();
  });
}

/** Where the sender waits until the client has taken some of what was sent, or has gone. */
class Room {
  #isOpen = false;
  #resume: (() => void) | undefined;

  open(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    if (resume === undefined) this.#isOpen = true;
    else resume();
  }

  wait(): Promise<void> {
    if (this.#isOpen) {
      this.#isOpen = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }
}
