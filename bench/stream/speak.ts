// The way of speaking for every form of streams.
import { LineSpeech } from "./line-speech.ts";
import { MuxSpeech } from "./mux-speech.ts";
import type { OpenOrder } from "./order.ts";
import { SimpleSpeech } from "./simple-speech.ts";
import type { Speech } from "./speech.ts";

/** `onFirst`: every stream has had its first message, or its echo has begun. */
export function speak(order: OpenOrder, send: (bytes: Buffer) => void, onFirst: () => void): Speech {
  switch (order.form) {
    case "simple":
    case "simple-proto":
      return new SimpleSpeech(order, send, onFirst);
    case "mux":
    case "mux-proto":
      return new MuxSpeech(order, send, onFirst);
    default:
      return new LineSpeech(order, onFirst);
  }
}
