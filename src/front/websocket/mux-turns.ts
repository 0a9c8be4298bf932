// Whose turn it is to send: streams of one socket take turns, none sends more than its share while others wait.
import { flushAtTurnEnd } from "./turn-end.ts";
import type { Flushable } from "./turn-end.ts";

/** Of one stream in one turn of the event loop. */
const mostMessages = 16;
const mostBytes = 64 * 1024;

/** What a stream has sent in its last turn; the fields belong to `Turns`. */
export interface TurnTaker {
  turn: number;
  turnMessages: number;
  turnBytes: number;
  isWaiting: boolean;
  /** It may send again. Must not throw. */
  resume(): void;
}

export interface Room {
  readonly hasRoom: boolean;
}

export class Turns implements Flushable {
  readonly #socket: Room;
  #turn = 1;
  /** In the order they came: who waits longest is first. */
  #waiting: TurnTaker[] = [];
  #isScheduled = false;

  constructor(socket: Room) {
    this.#socket = socket;
  }

  /** Whether the stream may send now; if not, its `resume` comes when it may. */
  allows(taker: TurnTaker): boolean {
    const isOver = taker.turn === this.#turn && (taker.turnMessages >= mostMessages || taker.turnBytes >= mostBytes);
    if (!isOver && this.#socket.hasRoom) return true;
    if (!taker.isWaiting) {
      taker.isWaiting = true;
      this.#waiting.push(taker);
    }
    if (isOver && this.#socket.hasRoom) this.#schedule();
    return false;
  }

  sent(taker: TurnTaker, bytes: number): void {
    if (taker.turn !== this.#turn) {
      taker.turn = this.#turn;
      taker.turnMessages = 0;
      taker.turnBytes = 0;
    }
    taker.turnMessages++;
    taker.turnBytes += bytes;
  }

  /** The socket takes more again. */
  onRoom(): void {
    if (this.#waiting.length > 0) this.#schedule();
  }

  /** Forgets everybody. */
  stop(): void {
    this.#waiting = [];
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    flushAtTurnEnd(this);
  }

  flush(): void {
    this.#isScheduled = false;
    this.#turn++;
    if (!this.#socket.hasRoom) return;
    // Each sends a moment later, and asks again before every message: who finds no room waits here again, in the same order.
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const taker of waiting) {
      taker.isWaiting = false;
      taker.resume();
    }
  }
}
