// What an ext_authz server lets a call go on with: metadata for the backend, headers for the client.
import type { Call } from "../../call.ts";
import { isMetadataName, isMetadataText, isReplyHeader, isReservedMetadata, toBinaryValue } from "../../metadata.ts";
import type { Metadata } from "../../metadata.ts";
import type { Allowed, HeaderChange } from "./check-response.ts";

/** What cannot be done is left out, and the log told. */
export function applyAnswer(call: Call, { headers, remove, replyHeaders, queryChanges }: Allowed): void {
  for (const { name, value } of replyHeaders) {
    if (isReplyHeader(name, value)) call.addReplyHeader(name, value);
    else leaveOut(call, "reply header", name);
  }
  const sound = headers.filter((change) => isSound(change) || leaveOut(call, "header", change.name));
  if (queryChanges > 0) call.note("ext_authz", `left out ${queryChanges} changes of the query`);
  if (sound.length > 0 || remove.length > 0) call.metadata = applyChanges(call.metadata, sound, new Set(remove));
}

/** In Envoy's order: what is set, the last of a name; what is appended; what is removed goes, also where it was set. */
function applyChanges(before: Metadata, changes: readonly HeaderChange[], removed: ReadonlySet<string>): Metadata {
  const set = new Map(changes.filter(({ append }) => !append).map(({ name, value }) => [name, value]));
  const after: string[] = [];
  const push = (name: string, value: string): void => {
    if (!removed.has(name)) after.push(name, value);
  };
  for (let i = 0; i < before.length; i += 2) if (!set.has(before[i])) push(before[i], before[i + 1]);
  for (const [name, value] of set) push(name, value);
  for (const { name, value, append } of changes) if (append) push(name, value);
  return after;
}

/** Names that gRPC and the gateway use themselves nobody sets for them. */
function isSound({ name, value }: HeaderChange): boolean {
  if (!isMetadataName(name) || isReservedMetadata(name)) return false;
  return name.endsWith("-bin") ? toBinaryValue(value) !== undefined : isMetadataText(value);
}

function leaveOut(call: Call, what: string, name: string): false {
  call.note("ext_authz", `left out the ${what} ${name.slice(0, 64)}`);
  return false;
}
