// The Date of answers (RFC 9110 section 6.6.1): written once a second, not once an answer.

let text = "";
let validUntil = 0;

export function dateHeader(): string {
  const now = Date.now();
  if (now >= validUntil || now < validUntil - 1000) {
    text = new Date(now).toUTCString();
    validUntil = now - (now % 1000) + 1000;
  }
  return text;
}
