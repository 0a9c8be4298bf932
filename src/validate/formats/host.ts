// Host names, mail addresses, host and port.
import { isIp } from "./ip.ts";

/** As HTML's forms take addresses, which is less than RFC 5322 allows and what people use. */
const email =
  /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;

export function isEmail(text: string): boolean {
  return email.test(text);
}

const label = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/;

/** RFC 1123, with a dot at the end if need be; the last label is not all digits, which would be an IP address. */
export function isHostname(text: string): boolean {
  if (text.length > 253) return false;
  const labels = (text.endsWith(".") ? text.slice(0, -1) : text).split(".");
  return labels.every((part) => label.test(part)) && !/^[0-9]+$/.test(labels[labels.length - 1]);
}

/** `example.com:443`, `10.0.0.1:80`, `[::1]:8080`; without a port where none is required. */
export function isHostAndPort(text: string, portRequired: boolean): boolean {
  if (text.startsWith("[")) {
    const end = text.lastIndexOf("]");
    if (end < 0 || !isIp(text.slice(1, end), 6)) return false;
    const rest = text.slice(end + 1);
    return rest === "" ? !portRequired : rest.startsWith(":") && isPort(rest.slice(1));
  }
  const colon = text.lastIndexOf(":");
  const host = colon < 0 ? text : text.slice(0, colon);
  if (colon < 0 ? portRequired : !isPort(text.slice(colon + 1))) return false;
  return isHostname(host) || isIp(host, 4);
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9][0-9]{0,4})$/.test(text) && Number(text) <= 65535;
}
