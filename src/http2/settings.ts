// SETTINGS (RFC 9113 section 6.5): what the peer asks for, checked, and what this end asks for.
import { Http2Error } from "./errors.ts";
import type { Frame } from "./frame-read.ts";
import type { Http2Limits } from "./limits.ts";
import { defaultFrameSize, defaultWindow, ErrorCode, maxFrameSizeAllowed, maxWindow, SettingId } from "./protocol.ts";

export type Role = "client" | "server";

/** What the peer has asked for so far; the defaults of the RFC until then. */
export interface PeerSettings {
  maxConcurrentStreams: number;
  initialWindowSize: number;
  maxFrameSize: number;
  /** Advice: Infinity where the peer gave none. */
  maxHeaderListSize: number;
}

export function defaultPeerSettings(): PeerSettings {
  return {
    maxConcurrentStreams: Infinity,
    initialWindowSize: defaultWindow,
    maxFrameSize: defaultFrameSize,
    maxHeaderListSize: Infinity,
  };
}

const entryBytes = 6;

/** Applies a SETTINGS payload. Throws Http2Error. */
export function readSettings(frame: Frame, settings: PeerSettings, role: Role): void {
  const { bytes, start, end } = frame;
  if ((end - start) % entryBytes !== 0) {
    throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, `SETTINGS of ${end - start} bytes, no multiple of ${entryBytes}`);
  }
  for (let at = start; at < end; at += entryBytes) {
    applySetting(settings, bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2), role);
  }
}

function applySetting(settings: PeerSettings, id: number, value: number, role: Role): void {
  switch (id) {
    case SettingId.ENABLE_PUSH:
      // Only a client may ask for pushes.
      if (value > (role === "server" ? 1 : 0)) throw wrongSetting("ENABLE_PUSH", value, ErrorCode.PROTOCOL_ERROR);
      return;
    case SettingId.MAX_CONCURRENT_STREAMS:
      settings.maxConcurrentStreams = value;
      return;
    case SettingId.INITIAL_WINDOW_SIZE:
      if (value > maxWindow) throw wrongSetting("INITIAL_WINDOW_SIZE", value, ErrorCode.FLOW_CONTROL_ERROR);
      settings.initialWindowSize = value;
      return;
    case SettingId.MAX_FRAME_SIZE:
      if (value < defaultFrameSize || value > maxFrameSizeAllowed) {
        throw wrongSetting("MAX_FRAME_SIZE", value, ErrorCode.PROTOCOL_ERROR);
      }
      settings.maxFrameSize = value;
      return;
    case SettingId.MAX_HEADER_LIST_SIZE:
      settings.maxHeaderListSize = value;
      return;
    default:
    // HEADER_TABLE_SIZE does not matter to an encoder that keeps no table; unknown ones are to be ignored.
  }
}

function wrongSetting(name: string, value: number, code: number): Http2Error {
  return new Http2Error(code, `SETTINGS_${name} of ${value} is not allowed`);
}

/** The payload of this end's first and only SETTINGS. */
export function writeSettings(limits: Http2Limits, role: Role): Buffer {
  const entries: [id: number, value: number][] = [
    [SettingId.HEADER_TABLE_SIZE, limits.headerTableBytes],
    [SettingId.INITIAL_WINDOW_SIZE, limits.streamWindowBytes],
    [SettingId.MAX_FRAME_SIZE, limits.maxFrameBytes],
    [SettingId.MAX_HEADER_LIST_SIZE, limits.maxHeaderListBytes],
    role === "server" ? [SettingId.MAX_CONCURRENT_STREAMS, limits.maxConcurrentStreams] : [SettingId.ENABLE_PUSH, 0],
  ];
  const payload = Buffer.alloc(entries.length * entryBytes);
  for (const [index, [id, value]] of entries.entries()) {
    payload.writeUInt16BE(id, index * entryBytes);
    payload.writeUInt32BE(value, index * entryBytes + 2);
  }
  return payload;
}
