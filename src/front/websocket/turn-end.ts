// Gathers what is written in one turn of the event loop: one write a socket leaves at its end, however many calls had something to say.

/** Something with output to let go of. */
export interface Flushable {
  /** Must not throw. */
  flush(): void;
}

let waiting: Flushable[] = [];

/** `flush` is called once, when everything that has come in by now was dealt with. The caller asks once a turn. */
export function flushAtTurnEnd(output: Flushable): void {
  if (waiting.push(output) === 1) setImmediate(flushAll);
}

function flushAll(): void {
  const outputs = waiting;
  waiting = [];
  for (const output of outputs) output.flush();
}
