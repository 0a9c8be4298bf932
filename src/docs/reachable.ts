// Which types the methods of a schema speak of, and on which side: what a generated module has to declare.
import type { MessageType, Method } from "../schema/descriptor.ts";
import { isInline } from "./type-expression.ts";
import type { NamedType } from "./type-names.ts";

export interface Reachable {
  readonly received: ReadonlySet<NamedType>;
  readonly sent: ReadonlySet<NamedType>;
}

export function findReachable(methods: readonly Method[]): Reachable {
  const received = new Set<NamedType>();
  const sent = new Set<NamedType>();
  for (const { input, output } of methods) {
    collect(input, sent);
    collect(output, received);
  }
  return { received, sent };
}

/** In breadth, as types may be nested as deep as a schema is long. */
function collect(root: MessageType, into: Set<NamedType>): void {
  const waiting = [root];
  for (let message = waiting.pop(); message !== undefined; message = waiting.pop()) {
    if (into.has(message) || isInline(message)) continue;
    if (!message.isMapEntry) into.add(message);
    for (const { type } of [...message.fields, ...message.extensions]) {
      if (type.kind === "message") waiting.push(type.message);
      else if (type.kind === "enum" && !isInline(type.enum)) into.add(type.enum);
    }
  }
}
