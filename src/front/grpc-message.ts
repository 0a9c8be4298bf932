// The value of `grpc-message`, wherever an answer carries a status of gRPC: in trailers and in the blocks of grpc-websockets.
/** Clients bound their header lists, at 8 KiB some; a longer message would hide the status. */
const longestPlain = 2048;
const hexDigits = "0123456789ABCDEF";

/**
 * Percent-encoding of gRPC's own: everything but printable ASCII, the percent sign, and a blank at either end, where no header
 * has one (gRPC over HTTP/2, "Responses"). What is long is cut.
 */
export function encodeGrpcMessage(message: string): string {
  const isPlain = message.length <= longestPlain && /^[ -$&-~]*$/.test(message) && message.trim() === message;
  if (isPlain) return message;
  let encoded = "";
  for (const character of message) {
    if (encoded.length > longestPlain) return `${encoded.replace(/^ /, "%20")}...`;
    if (/^[ -$&-~]$/.test(character)) encoded += character;
    else for (const byte of Buffer.from(character)) encoded += `%${hexDigits[byte >> 4]}${hexDigits[byte & 15]}`;
  }
  return encoded.replace(/^ /, "%20").replace(/ $/, "%20");
}
