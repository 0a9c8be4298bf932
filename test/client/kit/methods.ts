// What a generated module says of the methods of test/protocol/kit.proto, and of one that a gateway does not know any more.
import type { MethodInfo } from "../../../src/client/client.ts";
import { kitBindings, kitSchema } from "../../front/websocket/kit-service.ts";
import { methodInfo } from "../fixture.ts";

export function infoOf(name: string): MethodInfo {
  if (kitSchema.method(`kit.v1.Kit.${name}`) === undefined)
    return { name: `kit.v1.Kit/${name}`, kind: "server-streaming" };
  return methodInfo({ schema: kitSchema, bindings: kitBindings }, name);
}

export function takesMany({ kind }: MethodInfo): boolean {
  return kind === "client-streaming" || kind === "bidi-streaming";
}
