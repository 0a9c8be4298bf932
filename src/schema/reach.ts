// Which types can stand in a message of another: what is in force for a method is about these.
import type { Field, MessageType } from "./descriptor.ts";

/** Extensions among them. */
export function fieldsOf({ fields, extensions }: MessageType): readonly Field[] {
  return extensions.length === 0 ? fields : [...fields, ...extensions];
}

/** Itself and all below it, entries of maps too; what a google.protobuf.Any may hold is not known here. */
export function reachedFrom(root: MessageType): ReadonlySet<MessageType> {
  const reached = new Set([root]);
  // A set is gone through in the order in which it grows.
  for (const message of reached)
    for (const { type } of fieldsOf(message)) if (type.kind === "message") reached.add(type.message);
  return reached;
}

/** Of all that there are, those that one that `has` something can stand in, and these themselves. */
export function holdersOf(
  messages: readonly MessageType[],
  has: (message: MessageType) => boolean,
): ReadonlySet<MessageType> {
  const users = new Map<MessageType, MessageType[]>();
  for (const message of messages)
    for (const { type } of fieldsOf(message)) {
      if (type.kind !== "message") continue;
      const known = users.get(type.message);
      if (known === undefined) users.set(type.message, [message]);
      else known.push(message);
    }
  const holders = new Set(messages.filter(has));
  for (const message of holders) for (const user of users.get(message) ?? []) holders.add(user);
  return holders;
}
