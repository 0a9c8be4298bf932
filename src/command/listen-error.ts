// Why a port could not be had, in words, with what to do.
import { formatAddress } from "../config/address.ts";
import type { Address } from "../config/config.ts";

export function describeListenError(error: unknown, address: Address, flag: string): string {
  const where = formatAddress(address);
  switch ((error as NodeJS.ErrnoException).code) {
    case "EADDRINUSE":
      return `${where} is in use, by another program or another sluice; choose another with ${flag}`;
    case "EACCES":
      return `listening on ${where} is not permitted; ports below 1024 often need privileges: choose another with ${flag}`;
    case "EADDRNOTAVAIL":
      return `${where} is no address of this machine; choose another with ${flag}`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the host name of ${where} is not known; choose another with ${flag}`;
    default:
      return `cannot listen on ${where}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
