// What an ext_authz server lets a call go on with: metadata for the backend, headers for the client.
import type { Call } from "../../call.ts";
import { isMetadataName, isMetadataText, isReservedMetadata, toBinaryValue } from "../../metadata.ts";
import { isReplyHeader } from "./authorization-server.ts";
import type { Allowed, HeaderChange } from "./check-response.ts";

/** What cannot be done is left out, and the log told. */
export function applyAnswer(call: Call, { headers, remove, replyHeaders }: Allowed): void {
  for (const { name, value } of replyHeaders) {
    if (isReplyHeader(name, value)) call.addReplyHeader(name, value);
    else leaveOut(call, "reply header", name);
  }
  const sound = headers.filter((change) => isSound(change) || leaveOut(call, "header", change.name));
  if (sound.length === 0 && remove.length === 0) return;
  const replaced = new Set([...remove, ...sound.filter(({ append }) => !append).map(({ name }) => name)]);
  const metadata: string[] = [];
  for (let i = 0; i < call.metadata.length; i += 2)
    if (!replaced.has(call.metadata[i])) metadata.push(call.metadata[i], call.metadata[i + 1]);
  for (const { name, value } of sound) metadata.push(name, value);
  call.metadata = metadata;
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
