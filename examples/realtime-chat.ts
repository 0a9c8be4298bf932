// realtime.v1.Chat: rooms, with streams both ways.
import { status } from "@grpc/grpc-js";
import type { ServerDuplexStream, ServerWritableStream } from "@grpc/grpc-js";
import { currentTime } from "./realtime-ticker.ts";
import { invalidArgument, RpcError, toStatusObject } from "./rpc-error.ts";
import { unary } from "./serve.ts";
import type { ServiceSource } from "./serve.ts";

interface TalkRequest {
  readonly room: string;
  readonly speaker: string;
  readonly text: string;
}

interface ListenRequest {
  readonly room: string;
  readonly history: number;
  readonly limit: number;
}

interface TalkEvent {
  readonly room: string;
  readonly sequence: string;
  readonly speaker: string;
  readonly said?: string;
  readonly joined?: { readonly members: number };
  readonly left?: { readonly members: number };
}

type Listener = (event: TalkEvent) => void;

interface Room {
  readonly name: string;
  sequence: bigint;
  members: number;
  readonly listeners: Set<Listener>;
  /** The last events, oldest first. */
  readonly history: TalkEvent[];
}

const maxRooms = 1000;
const maxHistory = 100;
/** Events that may wait for one slow reader before its stream is ended. */
const maxWaiting = 1000;

export function createChat(): ServiceSource {
  const rooms = new Map<string, Room>();
  return {
    service: "realtime.v1.Chat",
    file: "realtime/v1/chat.proto",
    implementation: {
      Talk: (call: ServerDuplexStream<TalkRequest, TalkEvent>) => talk(rooms, call),
      Listen: (call: ServerWritableStream<ListenRequest, TalkEvent>) => listen(rooms, call),
      Say: unary(({ room, speaker, text }: TalkRequest) => {
        if (text === "") throw invalidArgument("text", "must not be empty");
        return publish(findRoom(rooms, room), { speaker: readSpeaker(speaker), said: text });
      }),
    },
  };
}

function findRoom(rooms: Map<string, Room>, name: string): Room {
  if (!/^[\w-]{1,40}$/.test(name)) throw invalidArgument("room", "must have 1 to 40 letters, digits, _ and -");
  const known = rooms.get(name);
  if (known !== undefined) return known;
  if (rooms.size >= maxRooms) throw new RpcError(status.RESOURCE_EXHAUSTED, "there are no rooms left");
  const room: Room = { name, sequence: 0n, members: 0, listeners: new Set(), history: [] };
  rooms.set(name, room);
  return room;
}

function readSpeaker(speaker: string): string {
  if (speaker === "" || speaker.length > 40) throw invalidArgument("speaker", "must have 1 to 40 characters");
  return speaker;
}

function publish(room: Room, event: Omit<TalkEvent, "room" | "sequence">): TalkEvent {
  room.sequence += 1n;
  const complete = { room: room.name, sequence: String(room.sequence), ...event, time: currentTime() };
  room.history.push(complete);
  if (room.history.length > maxHistory) room.history.shift();
  for (const listener of room.listeners) listener(complete);
  return complete;
}

function deliver(
  call: ServerWritableStream<unknown, TalkEvent> | ServerDuplexStream<unknown, TalkEvent>,
  event: TalkEvent,
): void {
  if (call.writableLength < maxWaiting) call.write(event);
  else if (!call.cancelled)
    call.emit("error", toStatusObject(new RpcError(status.RESOURCE_EXHAUSTED, "the reader is too slow")));
}

function talk(rooms: Map<string, Room>, call: ServerDuplexStream<TalkRequest, TalkEvent>): void {
  let leave: (() => void) | undefined;
  let say: ((text: string) => void) | undefined;
  call.on("data", (request: TalkRequest) => {
    try {
      if (say === undefined) {
        const room = findRoom(rooms, request.room);
        const speaker = readSpeaker(request.speaker);
        leave = join(room, speaker, (event) => deliver(call, event));
        say = (text) => void publish(room, { speaker, said: text });
      }
      if (request.text !== "") say(request.text);
    } catch (error) {
      call.emit("error", toStatusObject(error));
    }
  });
  call.on("end", () => {
    leave?.();
    call.end();
  });
  call.on("cancelled", () => leave?.());
}

/** Returns how to leave again; leaving twice is leaving once. */
function join(room: Room, speaker: string, listener: Listener): () => void {
  room.listeners.add(listener);
  room.members += 1;
  publish(room, { speaker, joined: { members: room.members } });
  return () => {
    if (!room.listeners.delete(listener)) return;
    room.members -= 1;
    publish(room, { speaker, left: { members: room.members } });
  };
}

function listen(rooms: Map<string, Room>, call: ServerWritableStream<ListenRequest, TalkEvent>): void {
  try {
    const room = findRoom(rooms, call.request.room);
    let left = call.request.limit === 0 ? Infinity : call.request.limit;
    const listener: Listener = (event) => {
      if (left === 0) return;
      deliver(call, event);
      left -= 1;
      if (left > 0) return;
      room.listeners.delete(listener);
      call.end();
    };
    room.listeners.add(listener);
    call.on("cancelled", () => room.listeners.delete(listener));
    const { history } = call.request;
    if (history > 0) for (const event of room.history.slice(-history)) listener(event);
  } catch (error) {
    call.emit("error", toStatusObject(error));
  }
}
